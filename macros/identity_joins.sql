{#
    The joins that find the person behind a canonical row, one an identifier, strongest
    first. Needs a CTE `identity_map`; `identity_customer` reads the result.

    Usage: {{ identity_joins("orders", ["account", "email"]) }}
#}
{% macro identity_joins(relation, types) %}
    {%- for type in types %}
    left join identity_map as by_{{ type }}
        on
            by_{{ type }}.identifier_type = '{{ type }}'
            and by_{{ type }}.identifier = {{ identifier(type, relation) }}
    {%- endfor %}
{%- endmacro %}
