{#
    The rows of one canonical table from every enabled system that has it, cast to
    the canonical shape. Without any such system: no row, the right columns.

    Usage: with orders as ({{ union_systems("orders") }})
#}
{% macro union_systems(table) %}
    {%- set columns = canonical_columns(table) -%}
    {%- set systems = systems_with(table) -%}
    {%- for system in systems %}
    select
        {%- for name, type in columns.items() %}
        cast({{ name }} as {{ canonical_type(type) }}) as {{ name }},
        {%- endfor %}
    from {{ remembered(system, table) }} as {{ table }}_of_{{ system }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- else %}
    select
        {%- for name, type in columns.items() %}
        cast(null as {{ canonical_type(type) }}) as {{ name }},
        {%- endfor %}
    where false
    {%- endfor %}
{%- endmacro %}
