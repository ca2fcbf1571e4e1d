-- One row per customer: how often, how much and through what they order.
{{ config(materialized="table") }}

with customers as (
    select * from {{ ref("dim_customers") }}
),

orders as (
    select * from {{ ref("fct_orders") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

orders_in_windows as (
    select
        orders.customer_id,
        orders.channel,
        orders.coupon_code,
        orders.net_revenue,
        orders.item_count,
        orders.is_cancelled,
        orders.is_discounted,
        orders.is_returned,
        orders.ordered_at >= windows.start_365d_at as is_in_365d,
        orders.ordered_at >= windows.start_180d_at as is_in_180d,
        orders.ordered_at >= windows.start_90d_at as is_in_90d,
        orders.ordered_at >= windows.start_30d_at as is_in_30d,
        orders.ordered_date,
        orders.ordered_at
    from orders
    cross join windows
    where orders.customer_id is not null
),

kept_orders as (
    select * from orders_in_windows
    where not is_cancelled
),

totals as (
    select
        customer_id,
        count(*) as count_orders_lifetime,
        count(*) filter (where is_in_365d) as count_orders_365d,
        count(*) filter (where is_in_90d) as count_orders_90d,
        count(*) filter (where is_in_30d) as count_orders_30d,
        count(*) filter (where is_in_365d and is_discounted) as count_discounted,
        count(*) filter (where is_in_365d and is_returned) as count_returned,
        count(coupon_code) filter (where is_in_365d) as count_coupons_used_365d,
        sum(net_revenue) as net_revenue_lifetime,
        sum(net_revenue) filter (where is_in_365d) as net_revenue_365d,
        sum(net_revenue) filter (where is_in_180d) as net_revenue_180d,
        sum(net_revenue) filter (where is_in_90d) as net_revenue_90d,
        sum(net_revenue) filter (where is_in_30d) as net_revenue_30d,
        max(net_revenue) filter (where is_in_365d) as largest_order_value_365d,
        sum(item_count) filter (where is_in_365d) as items_bought_365d,
        min(ordered_date) as first_order_date,
        max(ordered_date) as last_order_date,
        min(ordered_at) as first_order_at,
        max(ordered_at) as last_order_at
    from kept_orders
    group by customer_id
),

cancelled as (
    select
        customer_id,
        count(*) as count_cancelled_orders_365d
    from orders_in_windows
    where is_cancelled and is_in_365d
    group by customer_id
),

channels as (
    select
        customer_id,
        channel,
        row_number() over (
            partition by customer_id
            order by count(*) desc, max(ordered_at) desc, channel asc
        ) as preference
    from kept_orders
    where channel is not null
    group by customer_id, channel
),

preferred_channels as (
    select
        customer_id,
        channel
    from channels
    where preference = 1
),

int_customer_order_features as (
    select
        customers.customer_id,
        preferred_channels.channel as preferred_order_channel,
        coalesce(totals.count_orders_lifetime, 0) as count_orders_lifetime,
        coalesce(totals.count_orders_365d, 0) as count_orders_365d,
        coalesce(totals.count_orders_90d, 0) as count_orders_90d,
        coalesce(totals.count_orders_30d, 0) as count_orders_30d,
        coalesce(cancelled.count_cancelled_orders_365d, 0)
            as count_cancelled_orders_365d,
        coalesce(totals.count_coupons_used_365d, 0) as count_coupons_used_365d,
        cast(coalesce(totals.items_bought_365d, 0) as decimal(18, 3))
            as items_bought_365d,
        cast(coalesce(totals.net_revenue_lifetime, 0) as decimal(18, 4))
            as net_revenue_lifetime,
        cast(coalesce(totals.net_revenue_365d, 0) as decimal(18, 4))
            as net_revenue_365d,
        cast(coalesce(totals.net_revenue_90d, 0) as decimal(18, 4))
            as net_revenue_90d,
        cast(coalesce(totals.net_revenue_30d, 0) as decimal(18, 4))
            as net_revenue_30d,
        cast(
            coalesce(totals.net_revenue_180d, 0)
            - coalesce(totals.net_revenue_90d, 0) as decimal(18, 4)
        ) as net_revenue_previous_90d,
        cast(
            totals.net_revenue_365d / nullif(totals.count_orders_365d, 0)
            as decimal(18, 4)
        ) as average_order_value_365d,
        totals.largest_order_value_365d,
        {{ ratio("totals.count_discounted", "totals.count_orders_365d") }}
            as share_discounted_orders_365d,
        {{ ratio("totals.count_returned", "totals.count_orders_365d") }}
            as share_returned_orders_365d,
        {{ dbt.datediff("totals.last_order_date", "windows.today", "day") }}
            as days_since_last_order,
        {{ ratio(
            dbt.datediff("totals.first_order_date", "totals.last_order_date", "day"),
            "totals.count_orders_lifetime - 1"
        ) }} as average_days_between_orders,
        totals.first_order_at,
        totals.last_order_at
    from customers
    cross join windows
    left join totals on customers.customer_id = totals.customer_id
    left join cancelled on customers.customer_id = cancelled.customer_id
    left join preferred_channels
        on customers.customer_id = preferred_channels.customer_id
)

select * from int_customer_order_features
