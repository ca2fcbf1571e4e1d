-- One row: the instant that every model and every segment sees the world as of.
-- depends_on: {{ ref("forgotten_identifiers") }}: it is there before rows are read.
{{ config(materialized="table") }}
{% set is_historical = systems_with("extracts") | length == var("systems") | length %}
{% set as_of_sql %}
    {% if var("as_of") is not none %}
        select {{ instant(var("as_of")) }} as as_of
    {% elif is_historical %}
        select coalesce(max(covers_until), {{ instant(run_started_at) }}) as as_of
        from ({{ union_systems("extracts") }}) as extracts
    {% else %}
        select {{ instant(run_started_at) }} as as_of
    {% endif %}
{% endset %}
{% do refuse_to_empty() %}
{% do refuse_to_go_back(as_of_sql) %}

with as_of_instant as (
    {{ as_of_sql }}
),

clock as (
    select
        {{ local_date("as_of") }} as today,
        as_of,
        {{ local_timestamp("as_of") }} as local_as_of
    from as_of_instant
)

select * from clock
