{#
    The joins that find the person behind a canonical row, one an identifier, strongest
    first. Needs a CTE `identity_map`; `identity_customer` reads the result. Identifiers
    that may move need the row's time: whoever held them then is the one.

    Usage: {{ identity_joins("orders", ["account", "phone"], "orders.ordered_at") }}
#}
{% macro identity_joins(relation, types, time=none) %}
    {%- for type in types %}
    {%- set moves = type in identity_moving_kinds() -%}
    {%- if moves and time is none -%}
        {{ exceptions.raise_compiler_error(
            "identity_joins() of " ~ relation ~ " needs the time of its rows: a "
            ~ type ~ " may pass from one person to another."
        ) }}
    {%- endif %}
    left join identity_map as by_{{ type }}
        on
            by_{{ type }}.identifier_type = '{{ type }}'
            and by_{{ type }}.identifier = {{ identifier(type, relation) }}
            {%- if moves %}
            and {{ is_held("by_" ~ type, time) }}
            {%- endif %}
    {%- endfor %}
{%- endmacro %}
