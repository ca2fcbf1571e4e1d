{#
    The kinds of identifiers, strongest first, each with its canonical column. In a row
    that bears several, the weaker ones belong to the strongest.

    Usage: {% for kind in identity_kinds() %}
#}
{% macro identity_kinds() %}
    {{ return({
        "account": "account_id",
        "email": "email",
        "loyalty_card": "loyalty_card",
        "phone": "phone",
        "anonymous": "anonymous_id",
    }) }}
{% endmacro %}
