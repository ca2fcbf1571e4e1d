{#
    Whether a query has any row.

    Usage: {% if has_rows("select * from " ~ ref("int_identity_merges")) %}
#}
{% macro has_rows(query) %}
    {%- set found = run_query("select exists (" ~ query ~ ")") -%}
    {{ return(found is not none and found.rows[0][0]) }}
{% endmacro %}
