{#
    The naive UTC instant of a wall clock time in a time zone.

    Usage: {{ to_utc("invoiced_at", "Europe/London") }} as ordered_at
#}
{% macro to_utc(column, timezone) %}
    {%- if timezone == "UTC" -%}
        cast({{ column }} as timestamp)
    {%- else -%}
        {{- convert_timezone(column, timezone, "UTC") -}}
    {%- endif -%}
{% endmacro %}
