-- One row per raw event of the last days, with the verdict on it: for updates only.
{{ config(materialized="table") }}
{% set events_before = existing("fct_events") if var("near_real_time") else none %}
{% set latest = none %}
{% if events_before is not none %}
    {% set found = run_query("select max(occurred_at) from " ~ events_before) %}
    {% set latest = found.rows[0][0] %}
{% endif %}

with clock as (
    select * from {{ ref("int_clock") }}
),

all_events as {{ not_materialized() }} (
    {{ union_systems("events") }}
),

events as {{ not_materialized() }} (
    select * from all_events
    {% if latest is none %}
        where 1 = 0
    {% else %}
        {% set late = modules.datetime.timedelta(days=var("late_events_days")) %}
        where occurred_at >= cast('{{ latest - late }}' as timestamp)
    {% endif %}
),

judged as (
    {{ judged_events() }}
),

repeated as (
    {{ repeated_rows("events", "judged", newest="occurred_at") }}
),

int_events_arrived as (
    {{ rows_with_verdict("events", "judged", "repeated") }}
)

select * from int_events_arrived
