{#
    The person that the joins of `identity_joins` found: by the strongest identifier
    that belongs to anybody, or null.

    Usage: {{ identity_customer(["account", "email"]) }} as customer_id
#}
{% macro identity_customer(types) %}
    {%- if types | length == 1 -%}
        by_{{ types[0] }}.customer_id
    {%- else -%}
        coalesce(
            {%- for type in types -%}
            by_{{ type }}.customer_id{{ ", " if not loop.last }}
            {%- endfor -%}
        )
    {%- endif -%}
{% endmacro %}
