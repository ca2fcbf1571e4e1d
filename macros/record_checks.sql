{#
    Keeps in the table `check_results` what became of every model, seed and data test, so
    that publishing knows whether the marts may be shown. Hooks of the project:

    Usage: on-run-start: "{{ begin_checks() }}", on-run-end: "{{ record_checks(results) }}"

    A run that is killed leaves what it had selected `running`, a test that was never run
    is `pending`; neither is published. A run that only takes in new events leaves the
    tests that it does not repeat in force: they spoke of the build that it adds to.
#}
{% macro begin_checks() %}
    {%- if checks_are_kept() -%}
        {%- set table = check_results() -%}
        {%- set known, chosen, growing = [], [], [] -%}
        {%- set next_run = "(select max(earlier.run) + 1 from " ~ table ~ " as earlier)" -%}
        {%- for node in graph.nodes.values() if is_checked(node) -%}
            {%- do known.append(node) -%}
            {%- if node.unique_id in selected_resources -%}
                {%- do chosen.append(node) -%}
            {%- endif -%}
            {%- if node.config.incremental_strategy == "append" -%}
                {%- do growing.append(node.name) -%}
            {%- endif -%}
        {%- endfor -%}
        create table if not exists {{ table }} (
            check_id varchar,
            kind varchar,
            name varchar,
            severity varchar,
            status varchar,
            failures bigint,
            reads varchar[],
            run bigint
        );
        alter table {{ table }} add column if not exists builds bigint;
        alter table {{ table }} add column if not exists grows boolean;
        delete from {{ table }}
        where check_id not in ({{ check_ids(known) }}) and kind <> 'expectation';
        insert into {{ table }} by name
        select new_checks.*
        from (
            values
            {%- for node in known %}
            (
                {{ dbt.string_literal(node.unique_id) }},
                '{{ node.resource_type }}',
                {{ dbt.string_literal(node.name) }},
                'critical',
                'pending',
                cast(null as bigint),
                cast([] as varchar[]),
                cast(0 as bigint)
            ){{ "," if not loop.last }}
            {%- endfor %}
        ) as new_checks (check_id, kind, name, severity, status, failures, reads, run)
        where new_checks.check_id not in (select check_id from {{ table }});
        update {{ table }} set
            severity = tests.severity,
            reads = tests.reads
        from (
            values
            (null, null, null)
            {%- for node in known if node.resource_type == "test" %},
            (
                {{ dbt.string_literal(node.unique_id) }},
                '{{ "warning" if node.config.severity | lower == "warn" else "critical" }}',
                cast([{{ names_read(node) }}] as varchar[])
            )
            {%- endfor %}
        ) as tests (check_id, severity, reads)
        where check_results.check_id = tests.check_id;
        delete from {{ table }}
        where
            kind = 'expectation'
            and list_has_any(
                reads, [{{ quoted_texts(chosen | map(attribute="name")) }}]
            );
        update {{ table }} set
            status = 'running',
            builds = coalesce(builds, 0) + 1,
            grows = name in ({{ quoted_texts(["none"] + growing) }}),
            run = {% if var("near_real_time", false) -%}
                case when kind = 'test' then {{ next_run }} else run end
            {%- else -%}
                {{ next_run }}
            {%- endif %}
        where check_id in ({{ check_ids(chosen) }});
    {%- endif -%}
{% endmacro %}

{% macro record_checks(results) %}
    {%- if checks_are_kept() -%}
        update {{ check_results() }} set
            status = results.status,
            failures = results.failures
        from (
            values
            (null, null, cast(null as bigint))
            {%- for result in results %},
            (
                {{ dbt.string_literal(result.node.unique_id) }},
                '{{ check_status(result) }}',
                {{ result.failures if result.failures is not none else "null" }}
            )
            {%- endfor %}
        ) as results (check_id, status, failures)
        where check_results.check_id = results.check_id
    {%- endif -%}
{% endmacro %}

{% macro check_results() %}
    {{- return(api.Relation.create(
        database=target.database, schema=target.schema, identifier="check_results"
    )) -}}
{% endmacro %}

{# Only a DuckDB warehouse is published, and only some commands build or test. #}
{% macro checks_are_kept() %}
    {{- return(
        execute
        and target.type == "duckdb"
        and flags.WHICH in ["build", "run", "seed", "test", "retry"]
    ) -}}
{% endmacro %}

{% macro is_checked(node) %}
    {{- return(
        node.resource_type in ["seed", "test"]
        or (
            node.resource_type == "model"
            and node.config.materialized != "ephemeral"
        )
    ) -}}
{% endmacro %}

{# A model that was built without its rows has not been built. #}
{% macro check_status(result) %}
    {%- if flags.EMPTY or result.status == "skipped" -%}
        {{- return("pending") -}}
    {%- elif result.status in ["success", "pass"] -%}
        {{- return("passed") -}}
    {%- endif -%}
    {{- return("warned" if result.status == "warn" else "failed") -}}
{% endmacro %}

{% macro names_read(node) %}
    {%- set names = [] -%}
    {%- for unique_id in node.depends_on.nodes -%}
        {%- do names.append(unique_id.split(".")[2]) -%}
    {%- endfor -%}
    {{- return(quoted_texts(names)) -}}
{% endmacro %}

{% macro check_ids(nodes) %}
    {{- return(quoted_texts(["none"] + nodes | map(attribute="unique_id") | list)) -}}
{% endmacro %}

{% macro quoted_texts(texts) %}
    {%- set quoted = [] -%}
    {%- for text in texts -%}
        {%- do quoted.append(dbt.string_literal(text)) -%}
    {%- endfor -%}
    {{- return(quoted | join(", ")) -}}
{% endmacro %}
