{#
    The English name of a day's weekday, from monday to sunday. Counted from a Monday,
    so that no engine's numbering of weekdays matters; for days since 1970.

    Usage: {{ weekday("ordered_date") }} as ordered_weekday
#}
{% macro weekday(date) -%}
    {%- set names = [
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    ] -%}
    case {{ dbt.datediff("cast('1970-01-05' as date)", date, "day") }} % 7
        {%- for name in names %}
        when {{ loop.index0 }} then '{{ name }}'
        {%- endfor %}
    end
{%- endmacro %}
