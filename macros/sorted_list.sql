{#
    The values of a group as a list, sorted, without nulls. Give it distinct values.

    Usage: {{ sorted_list("category") }} as categories
#}
{% macro sorted_list(column) %}
    {{- adapter.dispatch("sorted_list", "kohorte")(column) -}}
{% endmacro %}

{% macro default__sorted_list(column) -%}
    list_sort(list({{ column }}) filter (where {{ column }} is not null))
{%- endmacro %}

{% macro postgres__sorted_list(column) -%}
    array_agg({{ column }} order by {{ column }})
    filter (where {{ column }} is not null)
{%- endmacro %}

{% macro spark__sorted_list(column) -%}
    sort_array(collect_list({{ column }}))
{%- endmacro %}
