{#
    Stops the run if as_of lies before that of the last run: the stays in segments have
    been written up to there.

    Usage: {% do refuse_to_go_back(as_of_sql) %}, a query with one column `as_of`
#}
{% macro refuse_to_go_back(as_of_sql) %}
    {%- set runs = segment_state("runs") -%}
    {%- if runs is not none -%}
        {%- set found = run_query(
            "select now.as_of, max(runs.as_of) from (" ~ as_of_sql ~ ") as now cross join "
            ~ runs ~ " as runs group by now.as_of having max(runs.as_of) > now.as_of"
        ) -%}
        {%- for row in found.rows -%}
            {{ exceptions.raise_compiler_error(
                "as_of " ~ row[0] ~ " (UTC) lies before the last run, which was as of "
                ~ row[1] ~ ". This warehouse remembers who was in which segment up to "
                ~ "there and only moves forward. Look back in another warehouse (set "
                ~ "KOHORTE_WAREHOUSE to another file), or write the history anew from "
                ~ "an earlier day with: kohorte replay."
            ) }}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
