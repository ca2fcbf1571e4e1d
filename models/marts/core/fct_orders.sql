-- One row per order, keyed to the person who placed it.
{% set identifiers = ["account", "email", "loyalty_card", "phone", "anonymous"] %}

with clock as (
    select * from {{ ref("int_clock") }}
),

checked_orders as (
    select * from {{ ref("int_orders_checked") }}
),

checked_order_lines as (
    select * from {{ ref("int_order_lines_checked") }}
),

identity_map as {{ not_materialized() }} (
    select * from {{ ref("int_identity_map") }}
),

currency_rates as (
    select * from {{ ref("int_currency_rates") }}
),

items_per_order as (
    select
        system,
        order_id,
        sum(quantity) as item_count,
        sum(
            case
                when coalesce(returned_at < as_of, true) then returned_quantity
            end
        ) as returned_count
    from checked_order_lines
    cross join clock
    where verdict = 'accepted'
    group by system, order_id
),

-- A cancellation or refund at or after as_of has not happened yet. What is cancelled
-- later was still open.
orders as (
    select
        checked_orders.*,
        as_of,
        status = 'cancelled' and coalesce(cancelled_at < as_of, true) as is_cancelled,
        coalesce(discount_amount, 0) as discount,
        coalesce(tax_amount, 0) as tax,
        coalesce(shipping_amount, 0) as shipping,
        case
            when coalesce(refunded_at < as_of, true) then coalesce(refunded_amount, 0)
            else 0
        end as refunded,
        {{ local_date("ordered_at") }} as ordered_date
    from checked_orders
    cross join clock
    where verdict = 'accepted'
),

valued_orders as (
    select
        orders.*,
        case
            when is_cancelled then 0
            else gross_amount - discount - refunded
        end as net_revenue_original,
        {{ identity_customer(identifiers) }} as customer_id,
        currency_rates.rate
    from orders
    inner join currency_rates
        on
            orders.currency = currency_rates.currency
            and orders.ordered_date >= currency_rates.valid_from
            and orders.ordered_date < currency_rates.valid_until
    {{ identity_joins("orders", identifiers, "orders.ordered_at") }}
),

fct_orders as (
    select
        valued_orders.system || ':' || valued_orders.order_id as order_id,
        customer_id,
        valued_orders.system,
        case
            when status = 'cancelled' and not is_cancelled then 'pending'
            else status
        end as status,
        channel,
        store_id,
        currency,
        coupon_code,
        gross_amount,
        cast(discount as decimal(18, 4)) as discount_amount,
        cast(tax as decimal(18, 4)) as tax_amount,
        cast(shipping as decimal(18, 4)) as shipping_amount,
        cast(refunded as decimal(18, 4)) as refunded_amount,
        cast(gross_amount - discount + tax + shipping as decimal(18, 4))
            as total_amount,
        cast(net_revenue_original as decimal(18, 4)) as net_revenue_original,
        cast(net_revenue_original * rate as decimal(18, 4)) as net_revenue,
        cast(coalesce(item_count, 0) as decimal(18, 3)) as item_count,
        case
            when customer_id is not null and not is_cancelled
                then cast(
                    row_number() over (
                        partition by customer_id, is_cancelled
                        order by
                            ordered_at,
                            valued_orders.system,
                            valued_orders.order_id
                    ) as integer
                )
        end as order_number,
        nullif(account_id, '') is null as is_guest,
        discount > 0 as is_discounted,
        is_cancelled,
        refunded > 0 or coalesce(returned_count, 0) > 0 as is_returned,
        ordered_date,
        ordered_at
    from valued_orders
    left join items_per_order
        on
            valued_orders.system = items_per_order.system
            and valued_orders.order_id = items_per_order.order_id
)

select * from fct_orders
