-- One row per order whose lines do not add up to its goods, less what was taken off.
-- Orders without lines, or with a line in quarantine, have nothing to add up to.
with checked_orders as (
    select * from {{ ref("int_orders_checked") }}
),

checked_order_lines as (
    select * from {{ ref("int_order_lines_checked") }}
),

lines_per_order as (
    select
        system,
        order_id,
        sum(net_amount) as net_amount
    from checked_order_lines
    where verdict <> 'duplicate'
    group by system, order_id
    having count(case when verdict = 'quarantined' then 1 end) = 0
),

order_lines_add_up_to_orders as (
    select
        checked_orders.system,
        checked_orders.order_id,
        checked_orders.gross_amount,
        checked_orders.discount_amount,
        lines_per_order.net_amount
    from checked_orders
    inner join lines_per_order
        on
            checked_orders.system = lines_per_order.system
            and checked_orders.order_id = lines_per_order.order_id
    where
        checked_orders.verdict = 'accepted'
        and lines_per_order.net_amount
        <> checked_orders.gross_amount - coalesce(checked_orders.discount_amount, 0)
)

select * from order_lines_add_up_to_orders
