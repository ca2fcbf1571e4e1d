{#
    The wall clock time in one time zone of a wall clock time in another.

    Usage: {{ convert_timezone("ordered_at", "UTC", "Europe/Vienna") }}
#}
{% macro convert_timezone(column, from_timezone, to_timezone) %}
    {{- adapter.dispatch("convert_timezone", "kohorte")(
        column, from_timezone, to_timezone
    ) -}}
{% endmacro %}

{% macro default__convert_timezone(column, from_timezone, to_timezone) -%}
    cast({{ column }} as timestamp)
    at time zone '{{ from_timezone }}'
    at time zone '{{ to_timezone }}'
{%- endmacro %}

{% macro spark__convert_timezone(column, from_timezone, to_timezone) -%}
    convert_timezone('{{ from_timezone }}', '{{ to_timezone }}', {{ column }})
{%- endmacro %}
