-- One row per raw event of every enabled system, with what speaks against it alone.
with clock as (
    select * from {{ ref("int_clock") }}
),

events as {{ not_materialized() }} (
    {{ union_systems("events") }}
),

int_events_judged as (
    select
        events.*,
        case
            when nullif(event_id, '') is null then 'missing_key'
            when occurred_at is null then 'missing_time'
            when occurred_at >= as_of then 'in_the_future'
            when nullif(event_name, '') is null then 'unknown_value'
        end as reason
    from events
    cross join clock
)

select * from int_events_judged
