{#
    A materialization: the connected components of a graph. The model's query gives the
    edges, `left_node` and `right_node`; the table has one row a node, with `component`,
    the smallest node that it hangs together with.

    Rounds of label propagation and pointer jumping run until no edge joins two
    components. How many it takes is known at run time only, and an engine that inlines
    CTEs multiplies chained rounds; so each round is a table that the next one replaces.

    Usage: {{ config(materialized="connected_components", max_rounds=50) }}
#}
{% materialization connected_components, default %}
    {%- set target = this.incorporate(type="table") -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set backup = make_backup_relation(target, "table") -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {{ drop_relation_if_exists(backup) }}
    {%- set edges = scratch_table(target, "edges", compiled_code, name="main") -%}
    {%- set labels = settled_labels(target, edges, config.require("max_rounds")) -%}
    {%- if existing is not none -%}
        {%- do adapter.rename_relation(existing, backup) -%}
    {%- endif -%}
    {%- do adapter.rename_relation(labels, target) -%}
    {%- do adapter.drop_relation(edges) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do persist_docs(target, model) -%}
    {%- do adapter.commit() -%}
    {{ drop_relation_if_exists(backup) }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}

{# Runs rounds until nothing is left to do, and returns the table of the last. #}
{% macro settled_labels(target, edges, max_rounds) %}
    {%- set first = scratch_table(target, "labels_0", component_labels(edges)) -%}
    {%- set state = namespace(labels=first, open=count_rows(open_edges(edges, first))) -%}
    {%- for round in range(1, max_rounds + 1) -%}
        {%- if state.open > 0 -%}
            {%- set query = component_labels(edges, state.labels) -%}
            {%- set labels = scratch_table(target, "labels_" ~ round, query) -%}
            {%- do adapter.drop_relation(state.labels) -%}
            {%- set state.labels = labels -%}
            {%- set state.open = count_rows(open_edges(edges, labels)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if state.open > 0 -%}
        {{ exceptions.raise_compiler_error(
            target.identifier ~ " is not settled: after " ~ max_rounds ~ " rounds "
            ~ state.open ~ " edges still join two components. Raise max_rounds in its "
            ~ "config, or the var that it comes from, such as identity_max_rounds: 50 "
            ~ "are enough for any graph that fits into a warehouse."
        ) }}
    {%- endif -%}
    {{ return(state.labels) }}
{% endmacro %}

{# Creates a table beside the target, in place of what a killed run may have left. #}
{% macro scratch_table(target, suffix, query, name="scratch") %}
    {%- set relation = target.incorporate(
        path={"identifier": target.identifier ~ "__" ~ suffix}
    ) -%}
    {%- do drop_relation_if_exists(relation) -%}
    {%- call statement(name) -%}
        {{ get_create_table_as_sql(false, relation, query) }}
    {%- endcall -%}
    {{ return(relation) }}
{% endmacro %}

{% macro count_rows(query) %}
    {%- set counted = run_query("select count(*) from (" ~ query ~ ") as counted") -%}
    {{ return(counted.columns[0].values()[0] | int) }}
{% endmacro %}
