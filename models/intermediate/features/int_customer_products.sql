-- One row per customer and product that they bought in the last 365 days.
{{ config(materialized="table") }}

with order_lines as (
    select * from {{ ref("fct_order_lines") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

bought_lines as (
    select
        order_lines.customer_id,
        order_lines.order_id,
        order_lines.product_id,
        order_lines.category,
        order_lines.brand,
        order_lines.quantity,
        order_lines.quantity - order_lines.returned_quantity as kept_quantity,
        order_lines.net_amount,
        -- What was paid for what was kept, and the discount that belongs to it.
        cast(
            order_lines.net_amount
            + cast(order_lines.discount_amount as {{ canonical_type("double") }})
            * (order_lines.quantity - order_lines.returned_quantity)
            / order_lines.quantity
            as decimal(18, 4)
        ) as list_amount,
        order_lines.ordered_at
    from order_lines
    cross join windows
    where
        order_lines.customer_id is not null
        and order_lines.ordered_at >= windows.start_365d_at
        and not order_lines.is_cancelled
),

int_customer_products as (
    select
        customer_id,
        product_id,
        max(category) as category,
        max(brand) as brand,
        cast(sum(quantity) as decimal(18, 3)) as quantity,
        cast(sum(kept_quantity) as decimal(18, 3)) as kept_quantity,
        cast(sum(net_amount) as decimal(18, 4)) as net_revenue,
        cast(sum(list_amount) as decimal(18, 4)) as list_amount,
        min(order_id) < max(order_id) as is_reordered,
        max(ordered_at) as last_ordered_at
    from bought_lines
    group by customer_id, product_id
)

select * from int_customer_products
