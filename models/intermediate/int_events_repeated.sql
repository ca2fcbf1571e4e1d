-- One row per raw event whose key occurs more than once, with what became of it.
{{ config(materialized="table") }}

with judged_events as {{ not_materialized() }} (
    select * from {{ ref("int_events_judged") }}
),

int_events_repeated as (
    {{ repeated_rows("events", "judged_events", newest="occurred_at") }}
)

select * from int_events_repeated
