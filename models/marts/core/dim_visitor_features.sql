-- One row per anonymous visitor: every attribute that segments may be written with.

with behaviour as (
    select * from {{ ref("int_visitor_behaviour") }}
),

carts as (
    select * from {{ ref("int_visitor_carts") }}
),

lead_points as (
    select * from {{ ref("int_visitor_lead_points") }}
),

events as (
    select * from {{ ref("fct_events") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

-- Who was named once is somebody's device, even if it is nobody's alone.
named_visitors as (
    select distinct anonymous_id
    from events
    where customer_id is not null and anonymous_id is not null
),

visitors as (
    select behaviour.*
    from behaviour
    left join named_visitors
        on behaviour.visitor_id = named_visitors.anonymous_id
    where not behaviour.is_customer and named_visitors.anonymous_id is null
),

days as (
    select
        events.anonymous_id,
        events.occurred_date,
        max(case when events.occurred_at >= windows.start_30d_at then 1 else 0 end)
            as is_in_30d
    from events
    cross join windows
    where
        events.customer_id is null
        and events.anonymous_id is not null
        and events.occurred_at >= windows.start_90d_at
    group by events.anonymous_id, events.occurred_date
),

days_per_visitor as (
    select
        anonymous_id,
        sum(is_in_30d) as days_active_30d,
        count(*) as days_active_90d
    from days
    group by anonymous_id
),

dim_visitor_features as (
    select
        visitors.visitor_id as anonymous_id,
        case
            when visitors.first_seen_date < visitors.last_seen_date then 'returning'
            else 'first_time'
        end as visitor_type,
        case
            when carts.last_abandoned_cart_at >= windows.start_30d_at then 'cart'
            when
                visitors.count_sessions_90d >= 2
                or visitors.count_product_views_90d >= 3
                then 'engaged'
            else 'visitor'
        end as sales_stage,
        visitors.top_category_browsed_90d,
        visitors.count_sessions_7d,
        visitors.count_sessions_30d,
        visitors.count_sessions_90d,
        visitors.count_sessions_365d,
        visitors.count_page_views_30d,
        visitors.count_page_views_90d,
        visitors.count_product_views_30d,
        visitors.count_product_views_90d,
        visitors.count_searches_30d,
        visitors.count_searches_90d,
        cast(coalesce(days_per_visitor.days_active_30d, 0) as bigint)
            as days_active_30d,
        coalesce(days_per_visitor.days_active_90d, 0) as days_active_90d,
        {{ dbt.datediff("visitors.last_seen_date", "windows.today", "day") }}
            as days_since_last_seen,
        coalesce(carts.count_abandoned_carts_90d, 0) as count_abandoned_carts_90d,
        coalesce(carts.count_abandoned_checkouts_90d, 0)
            as count_abandoned_checkouts_90d,
        coalesce(carts.abandoned_cart_value_90d, 0) as abandoned_cart_value_90d,
        cast(coalesce(lead_points.lead_points, 0) as decimal(18, 2)) as lead_score,
        visitors.share_mobile_events_90d,
        visitors.categories_browsed_30d,
        visitors.categories_browsed_90d,
        visitors.device_types_90d,
        {{ list_or_empty("carts.abandoned_cart_products_90d") }}
            as abandoned_cart_products_90d,
        coalesce(carts.has_abandoned_cart_7d, false) as has_abandoned_cart_7d,
        coalesce(carts.has_abandoned_checkout_7d, false) as has_abandoned_checkout_7d,
        visitors.first_seen_at,
        visitors.last_seen_at,
        carts.last_abandoned_cart_at,
        carts.last_abandoned_checkout_at
    from visitors
    cross join windows
    left join carts
        on visitors.visitor_id = carts.visitor_id and not carts.is_customer
    left join lead_points
        on visitors.visitor_id = lead_points.visitor_id and not lead_points.is_customer
    left join days_per_visitor
        on visitors.visitor_id = days_per_visitor.anonymous_id
)

select * from dim_visitor_features
