{#
    The table of this model as the run before left it, when a run only takes in new events
    and may add to it; none otherwise, or if it has not got a column that this takes.

    Usage: {% set before = table_before("count_events") %}
#}
{% macro table_before(column) %}
    {%- set is_update = execute and var("near_real_time", false) -%}
    {%- set before = existing(this.identifier) if is_update else none -%}
    {%- if before is not none -%}
        {%- set columns = adapter.get_columns_in_relation(before) -%}
        {%- if column in columns | map(attribute="name") -%}
            {{ return(before) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(none) }}
{% endmacro %}
