{#
    The day of a naive UTC instant in the project's time zone.

    Usage: {{ local_date("ordered_at") }} as ordered_date
#}
{% macro local_date(column) -%}
    cast({{ local_timestamp(column) }} as date)
{%- endmacro %}
