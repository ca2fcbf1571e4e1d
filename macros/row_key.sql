{#
    The key of a canonical row as text, without its system: null when it was lost, with
    a question mark for the part of it that was lost.

    Usage: {{ row_key("order_lines", "checked_order_lines") }} as row_key
#}
{% macro row_key(table, relation) %}
    {%- set key = canonical_key(table)[1:] -%}
    {%- if key | length == 1 -%}
        nullif({{ relation }}.{{ key[0] }}, '')
    {%- else -%}
        {%- for column in key -%}
            coalesce(nullif(cast({{ relation }}.{{ column }} as varchar), ''), '?')
            {{- " || '/' || " if not loop.last -}}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
