{#
    A list of text, empty where there is none.

    Usage: {{ list_or_empty("categories") }} as categories
#}
{% macro list_or_empty(column) %}
    {{- adapter.dispatch("list_or_empty", "kohorte")(column) -}}
{% endmacro %}

{% macro default__list_or_empty(column) -%}
    coalesce({{ column }}, cast([] as varchar []))
{%- endmacro %}

{% macro postgres__list_or_empty(column) -%}
    coalesce({{ column }}, cast(array[] as varchar []))
{%- endmacro %}

{% macro spark__list_or_empty(column) -%}
    coalesce({{ column }}, cast(array() as array<string>))
{%- endmacro %}
