-- One row if orders and their lines differ in how many pieces were ordered.
with orders as (
    select * from {{ ref("fct_orders") }}
),

order_lines as (
    select * from {{ ref("fct_order_lines") }}
),

items_of_orders as (
    select coalesce(sum(item_count), 0) as item_count
    from orders
),

items_of_lines as (
    select coalesce(sum(quantity), 0) as quantity
    from order_lines
),

order_items_add_up as (
    select
        items_of_orders.item_count,
        items_of_lines.quantity
    from items_of_orders
    cross join items_of_lines
    where items_of_orders.item_count <> items_of_lines.quantity
)

select * from order_items_add_up
