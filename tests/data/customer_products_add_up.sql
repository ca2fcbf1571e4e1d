-- One row if the products of customers bring other revenue than the lines of the year.
with customer_products as (
    select * from {{ ref("int_customer_products") }}
),

order_lines as (
    select * from {{ ref("fct_order_lines") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

sums_of_products as (
    select
        coalesce(sum(net_revenue), 0) as net_revenue,
        coalesce(sum(quantity), 0) as quantity
    from customer_products
),

sums_of_lines as (
    select
        coalesce(sum(order_lines.net_amount), 0) as net_revenue,
        coalesce(sum(order_lines.quantity), 0) as quantity
    from order_lines
    cross join windows
    where
        order_lines.customer_id is not null
        and order_lines.ordered_at >= windows.start_365d_at
        and not order_lines.is_cancelled
),

customer_products_add_up as (
    select sums_of_products.*
    from sums_of_products
    cross join sums_of_lines
    where
        sums_of_products.net_revenue <> sums_of_lines.net_revenue
        or sums_of_products.quantity <> sums_of_lines.quantity
)

select * from customer_products_add_up
