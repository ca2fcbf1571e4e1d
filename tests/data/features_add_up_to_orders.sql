-- One row if the orders, revenue or items of all customers are not those of the orders.
with features as (
    select * from {{ ref("dim_customer_features") }}
),

orders as (
    select * from {{ ref("fct_orders") }}
),

sums_of_features as (
    select
        coalesce(sum(count_orders_lifetime), 0) as count_orders,
        coalesce(sum(net_revenue_lifetime), 0) as net_revenue,
        coalesce(sum(items_bought_lifetime), 0) as item_count
    from features
),

sums_of_orders as (
    select
        count(*) as count_orders,
        coalesce(sum(net_revenue), 0) as net_revenue,
        coalesce(sum(item_count), 0) as item_count
    from orders
    where customer_id is not null and not is_cancelled
),

features_add_up_to_orders as (
    select sums_of_features.*
    from sums_of_features
    cross join sums_of_orders
    where
        sums_of_features.count_orders <> sums_of_orders.count_orders
        or sums_of_features.net_revenue <> sums_of_orders.net_revenue
        or sums_of_features.item_count <> sums_of_orders.item_count
)

select * from features_add_up_to_orders
