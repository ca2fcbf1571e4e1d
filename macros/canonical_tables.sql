{#
    The canonical tables whose rows are checked, in their usual order.

    Usage: {% for table in canonical_tables() %}
#}
{% macro canonical_tables() %}
    {{ return([
        "customers", "orders", "order_lines", "products", "events", "points",
        "messages", "consents", "answers", "referrals",
    ]) }}
{% endmacro %}
