{#
    The table of this model as the run before left it, if an update may keep what is in it:
    it answers the same questions, which `evaluated_by` tells, and of a time that is past.

    Usage: {% set before = answers_before("0123456789abcdef") %}
#}
{% macro answers_before(evaluated_by) %}
    {%- set before = table_before("evaluated_at") -%}
    {%- if before is none or segment_state("row_counts") is none -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set found = run_query(
        "select count(*) from (select max(evaluated_at) as evaluated_at, "
        ~ "max(evaluated_by) as evaluated_by from " ~ before ~ ") as before "
        ~ "inner join " ~ ref("int_clock") ~ " as int_clock "
        ~ "on before.evaluated_at <= int_clock.as_of "
        ~ "and before.evaluated_by = '" ~ evaluated_by ~ "'"
    ) -%}
    {{ return(before if found.columns[0].values()[0] else none) }}
{% endmacro %}
