{#
    The enabled systems that have a canonical table, in the order of the var
    `systems`. An enabled system that the var `tables` does not name is an error.

    Usage: {% for system in systems_with("orders") %}
#}
{% macro systems_with(table) %}
    {%- set found = [] -%}
    {%- for system in var("systems") -%}
        {%- if system not in var("tables") -%}
            {{ exceptions.raise_compiler_error(
                "The system '" ~ system ~ "' is enabled in the var 'systems', but "
                ~ "the var 'tables' does not say which tables it has. It knows "
                ~ var("tables") | join(", ") ~ "."
            ) }}
        {%- endif -%}
        {%- set known = canonical_tables() + ["extracts"] -%}
        {%- for name in var("tables")[system] if name not in known -%}
            {{ exceptions.raise_compiler_error(
                "The var 'tables' gives the system '" ~ system ~ "' a table '" ~ name
                ~ "'. The canonical tables are " ~ known | join(", ") ~ "."
            ) }}
        {%- endfor -%}
        {%- if table in var("tables")[system] -%}
            {%- do found.append(system) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}
