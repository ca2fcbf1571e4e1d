{#
    One number over another as a double; null where the other is zero or null.

    Usage: {{ ratio("count_opened", "count_received") }} as share_opened
#}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as {{ canonical_type("double") }})
    / cast(nullif({{ denominator }}, 0) as {{ canonical_type("double") }})
{%- endmacro %}
