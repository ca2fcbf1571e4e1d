{#
    What a source system's code means. A code that is not listed means nothing: null,
    or the expression `otherwise`.

    Usage: {{ decoded("sex_code", {"f": "female", "m": "male"}) }} as gender
#}
{% macro decoded(column, meanings, otherwise="null") -%}
    case {{ column }}
        {%- for code, meaning in meanings.items() %}
        when '{{ code }}' then '{{ meaning }}'
        {%- endfor %}
        else {{ otherwise }}
    end
{%- endmacro %}
