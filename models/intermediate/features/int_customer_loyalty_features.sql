-- One row per customer: their loyalty points, rewards and spend that counts.
{{ config(materialized="table") }}

with customers as (
    select * from {{ ref("dim_customers") }}
),

points as (
    select * from {{ ref("fct_points") }}
),

orders as (
    select * from {{ ref("fct_orders") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

entries as (
    select
        points.customer_id,
        points.entry_type,
        points.points,
        points.occurred_at >= windows.start_365d_at as is_in_365d,
        points.occurred_at
    from points
    cross join windows
    where points.customer_id is not null
),

entries_per_customer as (
    select
        customer_id,
        sum(points) as points_balance,
        sum(points) filter (where entry_type = 'earned' and is_in_365d)
            as points_earned,
        -sum(points) filter (where entry_type = 'redeemed' and is_in_365d)
            as points_redeemed,
        count(*) filter (where entry_type = 'redeemed' and is_in_365d)
            as count_redemptions,
        max(occurred_at) filter (where entry_type in ('earned', 'redeemed'))
            as last_points_at
    from entries
    group by customer_id
),

rewards as (
    select distinct
        customer_id,
        reward
    from points
    where entry_type = 'redeemed' and reward is not null
),

rewards_per_customer as (
    select
        customer_id,
        {{ sorted_list("reward") }} as rewards_redeemed
    from rewards
    group by customer_id
),

qualifying_orders as (
    select
        orders.customer_id,
        sum(orders.net_revenue) as net_revenue
    from orders
    cross join windows
    where
        orders.status = 'completed'
        and orders.ordered_at >= windows.start_365d_at
        and not orders.is_cancelled
    group by orders.customer_id
),

int_customer_loyalty_features as (
    select
        customers.customer_id,
        cast(coalesce(entries_per_customer.points_balance, 0) as bigint)
            as points_balance,
        cast(coalesce(entries_per_customer.points_earned, 0) as bigint)
            as points_earned_365d,
        cast(coalesce(entries_per_customer.points_redeemed, 0) as bigint)
            as points_redeemed_365d,
        cast(coalesce(entries_per_customer.count_redemptions, 0) as bigint)
            as count_redemptions_365d,
        {{ dbt.datediff(
            local_date("entries_per_customer.last_points_at"),
            "windows.today",
            "day"
        ) }} as days_without_points_movement,
        cast(coalesce(qualifying_orders.net_revenue, 0) as decimal(18, 4))
            as qualifying_spend_365d,
        {{ list_or_empty("rewards_per_customer.rewards_redeemed") }}
            as rewards_redeemed,
        entries_per_customer.last_points_at
    from customers
    cross join windows
    left join entries_per_customer
        on customers.customer_id = entries_per_customer.customer_id
    left join rewards_per_customer
        on customers.customer_id = rewards_per_customer.customer_id
    left join qualifying_orders
        on customers.customer_id = qualifying_orders.customer_id
)

select * from int_customer_loyalty_features
