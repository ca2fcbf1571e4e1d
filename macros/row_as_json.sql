{#
    A row of a canonical table as JSON text, with its columns in their binding order.

    Usage: {{ row_as_json("orders", "judged_orders") }} as record
#}
{% macro row_as_json(table, relation) %}
    {{- adapter.dispatch("row_as_json", "kohorte")(
        relation, canonical_columns(table) | list
    ) -}}
{% endmacro %}

{% macro default__row_as_json(relation, columns) -%}
    cast(json_object(
        {%- for column in columns %}
        '{{ column }}', {{ relation }}.{{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    ) as varchar)
{%- endmacro %}

{% macro postgres__row_as_json(relation, columns) -%}
    cast(json_build_object(
        {%- for column in columns %}
        '{{ column }}', {{ relation }}.{{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    ) as varchar)
{%- endmacro %}

{% macro spark__row_as_json(relation, columns) -%}
    to_json(struct(
        {%- for column in columns %}
        {{ relation }}.{{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    ))
{%- endmacro %}
