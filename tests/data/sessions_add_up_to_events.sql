-- One row if visits or product views of a year and quarter are not those of the events.
with behaviour as (
    select * from {{ ref("int_visitor_behaviour") }}
),

events as (
    select * from {{ ref("fct_events") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

sums_of_visitors as (
    select
        coalesce(sum(count_sessions_365d), 0) as count_sessions,
        coalesce(sum(count_product_views_90d), 0) as count_product_views
    from behaviour
),

-- A session in which somebody else goes on is a visit of each of them.
sessions as (
    select distinct
        events.customer_id,
        case when events.customer_id is null then events.anonymous_id end
            as anonymous_id,
        events.session_id
    from events
    cross join windows
    where
        events.occurred_at >= windows.start_365d_at
        and events.session_id is not null
        and coalesce(events.customer_id, events.anonymous_id) is not null
),

sum_of_sessions as (
    select count(*) as count_sessions
    from sessions
),

sum_of_views as (
    select count(*) as count_product_views
    from events
    cross join windows
    where
        events.event_name = 'product_viewed'
        and events.occurred_at >= windows.start_90d_at
        and coalesce(events.customer_id, events.anonymous_id) is not null
),

sessions_add_up_to_events as (
    select sums_of_visitors.*
    from sums_of_visitors
    cross join sum_of_sessions
    cross join sum_of_views
    where
        sums_of_visitors.count_sessions <> sum_of_sessions.count_sessions
        or sums_of_visitors.count_product_views <> sum_of_views.count_product_views
)

select * from sessions_add_up_to_events
