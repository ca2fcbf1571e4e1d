-- One row per customer or anonymous visitor with a signal: what their events add up to.
{{ config(materialized="table") }}

with events as (
    select * from {{ ref("fct_events") }}
),

weights as (
    select * from {{ ref("int_lead_score_weights") }}
),

int_visitor_lead_points as (
    select
        coalesce(events.customer_id, events.anonymous_id) as visitor_id,
        sum(weights.weight) as lead_points,
        events.customer_id is not null as is_customer
    from events
    inner join weights
        on
            events.event_name = weights.signal
            and events.occurred_date = weights.signal_date
    where events.customer_id is not null or events.anonymous_id is not null
    group by
        events.customer_id is not null,
        coalesce(events.customer_id, events.anonymous_id)
)

select * from int_visitor_lead_points
