-- One row per raw event of every enabled system, with what speaks against it alone.
with clock as (
    select * from {{ ref("int_clock") }}
),

events as {{ not_materialized() }} (
    {{ union_systems("events") }}
),

int_events_judged as (
    {{ judged_events() }}
)

select * from int_events_judged
