{#
    Asks the engine not to store the rows of a CTE that is read more than once. For
    wide and long CTEs, reading twice costs less than storing once. Not for views: in
    them DuckDB 1.5 forgets it as soon as the database is opened again.

    Usage: judged_orders as {{ not_materialized() }} (
#}
{% macro not_materialized() %}
    {{- return(adapter.dispatch("not_materialized", "kohorte")()) -}}
{% endmacro %}

{% macro default__not_materialized() %}
    {{- return("not materialized") -}}
{% endmacro %}

{% macro spark__not_materialized() %}
    {{- return("") -}}
{% endmacro %}
