{#
    The wall clock time of a naive UTC instant in the project's time zone.

    Usage: {{ local_timestamp("ordered_at") }} as local_ordered_at
#}
{% macro local_timestamp(column) %}
    {%- if var("timezone") == "UTC" -%}
        {{ column }}
    {%- else -%}
        {{- convert_timezone(column, "UTC", var("timezone")) -}}
    {%- endif -%}
{% endmacro %}
