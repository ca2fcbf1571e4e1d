-- One row per customer: what they do on the web site and in the app.
{{ config(materialized="table") }}

with customers as (
    select * from {{ ref("dim_customers") }}
),

events as (
    select * from {{ ref("fct_events") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

events_per_customer as (
    select
        customer_id,
        max(occurred_at) as last_seen_at
    from events
    where customer_id is not null
    group by customer_id
),

recent_events as (
    select
        events.customer_id,
        events.session_id,
        events.event_name,
        events.device_type,
        events.category,
        events.occurred_at >= windows.start_30d_at as is_in_30d,
        events.occurred_date
    from events
    cross join windows
    where
        events.customer_id is not null
        and events.occurred_at >= windows.start_90d_at
),

sessions as (
    select
        customer_id,
        session_id,
        max(case when is_in_30d then 1 else 0 end) as is_in_30d
    from recent_events
    where session_id is not null
    group by customer_id, session_id
),

sessions_per_customer as (
    select
        customer_id,
        count(*) as count_sessions_90d,
        sum(is_in_30d) as count_sessions_30d
    from sessions
    group by customer_id
),

days as (
    select
        customer_id,
        occurred_date,
        count(*) filter (where event_name = 'product_viewed') as count_product_views
    from recent_events
    where is_in_30d
    group by customer_id, occurred_date
),

days_per_customer as (
    select
        customer_id,
        count(*) as days_active_30d,
        sum(count_product_views) as count_product_views_30d
    from days
    group by customer_id
),

devices as (
    select
        customer_id,
        device_type,
        count(*) as count_events
    from recent_events
    where device_type is not null
    group by customer_id, device_type
),

devices_per_customer as (
    select
        customer_id,
        {{ sorted_list("device_type") }} as device_types,
        sum(count_events) as count_events,
        sum(case when device_type = 'mobile' then count_events else 0 end)
            as count_mobile_events
    from devices
    group by customer_id
),

categories as (
    select distinct
        customer_id,
        category
    from recent_events
    where
        event_name in ('product_viewed', 'category_viewed')
        and category is not null
),

categories_per_customer as (
    select
        customer_id,
        {{ sorted_list("category") }} as categories_browsed
    from categories
    group by customer_id
),

int_customer_behaviour_features as (
    select
        customers.customer_id,
        cast(coalesce(sessions_per_customer.count_sessions_90d, 0) as bigint)
            as count_sessions_90d,
        cast(coalesce(sessions_per_customer.count_sessions_30d, 0) as bigint)
            as count_sessions_30d,
        cast(coalesce(days_per_customer.count_product_views_30d, 0) as bigint)
            as count_product_views_30d,
        cast(coalesce(days_per_customer.days_active_30d, 0) as bigint)
            as days_active_30d,
        {{ ratio(
            "devices_per_customer.count_mobile_events",
            "devices_per_customer.count_events"
        ) }} as share_mobile_events_90d,
        {{ list_or_empty("devices_per_customer.device_types") }}
            as device_types_90d,
        {{ list_or_empty("categories_per_customer.categories_browsed") }}
            as categories_browsed_90d,
        events_per_customer.last_seen_at
    from customers
    left join events_per_customer
        on customers.customer_id = events_per_customer.customer_id
    left join sessions_per_customer
        on customers.customer_id = sessions_per_customer.customer_id
    left join days_per_customer
        on customers.customer_id = days_per_customer.customer_id
    left join devices_per_customer
        on customers.customer_id = devices_per_customer.customer_id
    left join categories_per_customer
        on customers.customer_id = categories_per_customer.customer_id
)

select * from int_customer_behaviour_features
