-- One row per raw order of every enabled system, with the verdict on it.
{{ config(materialized="table") }}

with clock as (
    select * from {{ ref("int_clock") }}
),

currency_rates as (
    select * from {{ ref("int_currency_rates") }}
),

orders as {{ not_materialized() }} (
    {{ union_systems("orders") }}
),

known_currencies as (
    select
        currency,
        min(valid_from) as valid_from
    from currency_rates
    group by currency
),

judged_orders as {{ not_materialized() }} (
    select
        orders.*,
        case
            when nullif(order_id, '') is null then 'missing_key'
            when ordered_at is null then 'missing_time'
            when ordered_at >= as_of then 'in_the_future'
            when
                gross_amount is null
                or gross_amount < 0
                or discount_amount < 0
                or discount_amount > gross_amount
                or tax_amount < 0
                or shipping_amount < 0
                then 'impossible_amount'
            -- What is refunded later says nothing of the order now.
            when
                coalesce(refunded_at < as_of, true)
                and (
                    refunded_amount < 0
                    -- A cent more than was paid is rounding.
                    or refunded_amount - 0.01
                    > gross_amount
                    - coalesce(discount_amount, 0)
                    + coalesce(tax_amount, 0)
                    + coalesce(shipping_amount, 0)
                )
                then 'impossible_amount'
            when
                status is null
                or status not in ('pending', 'completed', 'cancelled')
                or channel not in ('web', 'app', 'store', 'phone', 'marketplace')
                then 'unknown_value'
            when
                known_currencies.currency is null
                or {{ local_date("ordered_at") }} < known_currencies.valid_from
                then 'unknown_currency'
        end as reason
    from orders
    cross join clock
    left join known_currencies
        on orders.currency = known_currencies.currency
),

repeated_orders as (
    {{ repeated_rows(
        "orders",
        "judged_orders",
        newest="greatest(ordered_at, cancelled_at, refunded_at)",
    ) }}
),

int_orders_checked as (
    {{ rows_with_verdict("orders", "judged_orders", "repeated_orders") }}
)

select * from int_orders_checked
