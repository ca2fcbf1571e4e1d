-- One row per customer and local day with activity.
with orders as (
    select * from {{ ref("fct_orders") }}
),

events as (
    select * from {{ ref("fct_events") }}
),

messages as (
    select * from {{ ref("fct_messages") }}
),

points as (
    select * from {{ ref("fct_points") }}
),

days as (
    select
        customer_id,
        sum(net_revenue) as net_revenue,
        sum(item_count) as item_count,
        count(*) as count_orders,
        0 as count_events,
        0 as count_product_views,
        0 as count_messages,
        0 as points_earned,
        0 as points_redeemed,
        ordered_date as activity_date
    from orders
    where not is_cancelled
    group by customer_id, ordered_date
    union all
    select
        customer_id,
        0 as net_revenue,
        0 as item_count,
        0 as count_orders,
        count(*) as count_events,
        count(case when event_name = 'product_viewed' then 1 end)
            as count_product_views,
        0 as count_messages,
        0 as points_earned,
        0 as points_redeemed,
        occurred_date as activity_date
    from events
    group by customer_id, occurred_date
    union all
    select
        customer_id,
        0 as net_revenue,
        0 as item_count,
        0 as count_orders,
        0 as count_events,
        0 as count_product_views,
        count(*) as count_messages,
        0 as points_earned,
        0 as points_redeemed,
        {{ local_date("sent_at") }} as activity_date
    from messages
    group by customer_id, {{ local_date("sent_at") }}
    union all
    select
        customer_id,
        0 as net_revenue,
        0 as item_count,
        0 as count_orders,
        0 as count_events,
        0 as count_product_views,
        0 as count_messages,
        sum(case when entry_type = 'earned' then points else 0 end) as points_earned,
        sum(case when entry_type = 'redeemed' then -points else 0 end)
            as points_redeemed,
        {{ local_date("occurred_at") }} as activity_date
    from points
    group by customer_id, {{ local_date("occurred_at") }}
),

int_customer_days as (
    select
        customer_id,
        cast(sum(net_revenue) as decimal(18, 4)) as net_revenue,
        cast(sum(item_count) as decimal(18, 3)) as item_count,
        cast(sum(count_orders) as bigint) as count_orders,
        cast(sum(count_events) as bigint) as count_events,
        cast(sum(count_product_views) as bigint) as count_product_views,
        cast(sum(count_messages) as bigint) as count_messages,
        cast(sum(points_earned) as bigint) as points_earned,
        cast(sum(points_redeemed) as bigint) as points_redeemed,
        activity_date
    from days
    where customer_id is not null
    group by customer_id, activity_date
)

select * from int_customer_days
