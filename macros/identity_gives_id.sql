{#
    Whether an identifier can give its person the customer_id: an account always, others
    if they were ever all that was known. A device alone is a visitor, and what has
    passed on gave its name to the first who held it.

    Usage: where {{ identity_gives_id("identifier_type", "stands_alone", "holding") }}
#}
{% macro identity_gives_id(type, stands_alone, holding) -%}
    (
        {{ type }} = 'account'
        or ({{ stands_alone }} and {{ type }} <> 'anonymous' and {{ holding }} = 1)
    )
{%- endmacro %}
