{#
    Whether a list holds a value.

    Usage: where {{ list_has("definitions.lists", "list_changes.list_name") }}
#}
{% macro list_has(values, value) %}
    {{- adapter.dispatch("list_has", "kohorte")(values, value) -}}
{% endmacro %}

{% macro default__list_has(values, value) -%}
    list_contains({{ values }}, {{ value }})
{%- endmacro %}

{% macro postgres__list_has(values, value) -%}
    {{ value }} = any({{ values }})
{%- endmacro %}

{% macro spark__list_has(values, value) -%}
    array_contains({{ values }}, {{ value }})
{%- endmacro %}
