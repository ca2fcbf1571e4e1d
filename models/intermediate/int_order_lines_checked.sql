-- One row per raw order line of every enabled system, with the verdict on it.
{{ config(materialized="table") }}

with clock as (
    select * from {{ ref("int_clock") }}
),

checked_orders as (
    select * from {{ ref("int_orders_checked") }}
),

order_lines as {{ not_materialized() }} (
    {{ union_systems("order_lines") }}
),

accepted_orders as (
    select
        system,
        order_id
    from checked_orders
    where verdict = 'accepted'
),

judged_order_lines as {{ not_materialized() }} (
    select
        order_lines.*,
        case
            when
                nullif(order_lines.order_id, '') is null or line_number is null
                then 'missing_key'
            when ordered_at >= as_of then 'in_the_future'
            when
                quantity is null
                or quantity <= 0
                or net_amount is null
                or net_amount < 0
                or discount_amount < 0
                then 'impossible_amount'
            -- What is returned later says nothing of the line now.
            when
                coalesce(order_lines.returned_at < as_of, true)
                and (returned_quantity < 0 or returned_quantity > quantity)
                then 'impossible_amount'
            -- Without its order a line has no customer and no currency.
            when accepted_orders.order_id is null then 'orphan'
        end as reason
    from order_lines
    cross join clock
    left join accepted_orders
        on
            order_lines.system = accepted_orders.system
            and order_lines.order_id = accepted_orders.order_id
),

repeated_order_lines as (
    {{ repeated_rows(
        "order_lines", "judged_order_lines", newest="greatest(ordered_at, returned_at)"
    ) }}
),

int_order_lines_checked as (
    {{ rows_with_verdict("order_lines", "judged_order_lines", "repeated_order_lines") }}
)

select * from int_order_lines_checked
