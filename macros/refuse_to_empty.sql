{#
    Stops a run with --empty in a warehouse with a history: its members would be left
    without the customers that they are.

    Usage: {% do refuse_to_empty() %}
#}
{% macro refuse_to_empty() %}
    {%- if flags.EMPTY and segment_state("runs") is not none -%}
        {{ exceptions.raise_compiler_error(
            "--empty builds every table without rows, and this warehouse remembers who was "
            ~ "in which segment. Try the models in another one: set KOHORTE_WAREHOUSE to "
            ~ "another file."
        ) }}
    {%- endif -%}
{% endmacro %}
