{#
    The columns that name one row of a canonical table; `system` is always the first.

    Usage: group by {{ canonical_key("order_lines") | join(", ") }}
#}
{% macro canonical_key(table) %}
    {%- set keys = {
        "customers": ["system", "account_id"],
        "orders": ["system", "order_id"],
        "order_lines": ["system", "order_id", "line_number"],
        "products": ["system", "product_id"],
        "events": ["system", "event_id"],
        "points": ["system", "entry_id"],
        "messages": ["system", "message_id"],
        "consents": ["system", "consent_id"],
        "answers": ["system", "answer_id"],
        "referrals": ["system", "referral_id"],
    } -%}
    {{ return(keys[table]) }}
{% endmacro %}
