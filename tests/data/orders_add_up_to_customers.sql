-- One row if revenue is lost or doubled on the way from orders to their customers.
with orders as (
    select * from {{ ref("fct_orders") }}
),

customers as (
    select * from {{ ref("dim_customers") }}
),

revenue_of_orders as (
    select
        count(*) as count_orders,
        coalesce(sum(net_revenue), 0) as net_revenue
    from orders
    where customer_id is not null
),

revenue_of_customers as (
    select
        count(*) as count_orders,
        coalesce(sum(orders.net_revenue), 0) as net_revenue
    from customers
    inner join orders
        on customers.customer_id = orders.customer_id
),

orders_add_up_to_customers as (
    select
        revenue_of_orders.count_orders,
        revenue_of_orders.net_revenue,
        revenue_of_customers.count_orders as count_orders_of_customers,
        revenue_of_customers.net_revenue as net_revenue_of_customers
    from revenue_of_orders
    cross join revenue_of_customers
    where
        revenue_of_orders.count_orders <> revenue_of_customers.count_orders
        or revenue_of_orders.net_revenue <> revenue_of_customers.net_revenue
)

select * from orders_add_up_to_customers
