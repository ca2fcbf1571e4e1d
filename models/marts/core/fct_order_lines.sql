-- One row per product line of an order, keyed to the person who ordered.
with clock as (
    select * from {{ ref("int_clock") }}
),

checked_order_lines as (
    select * from {{ ref("int_order_lines_checked") }}
),

orders as (
    select * from {{ ref("fct_orders") }}
),

products as (
    select * from {{ ref("dim_products") }}
),

currency_rates as (
    select * from {{ ref("int_currency_rates") }}
),

order_lines as (
    select
        system || ':' || order_id as order_id,
        line_number,
        system || ':' || product_id as product_id,
        quantity,
        case
            when coalesce(returned_at < as_of, true) then coalesce(returned_quantity, 0)
            else 0
        end as returned_quantity,
        net_amount,
        coalesce(discount_amount, 0) as discount_amount
    from checked_order_lines
    cross join clock
    where verdict = 'accepted'
),

fct_order_lines as (
    select
        order_lines.order_id || '/' || order_lines.line_number as order_line_id,
        order_lines.order_id,
        orders.customer_id,
        orders.system,
        order_lines.product_id,
        products.product_name,
        products.category,
        products.category_path,
        products.brand,
        orders.channel,
        order_lines.quantity,
        cast(order_lines.returned_quantity as decimal(18, 3)) as returned_quantity,
        cast(
            case
                when orders.is_cancelled then 0
                when order_lines.returned_quantity = 0
                    then order_lines.net_amount * currency_rates.rate
                -- As double, because the product of the three outgrows a decimal.
                else
                    cast(order_lines.net_amount as double)
                    * currency_rates.rate
                    * (order_lines.quantity - order_lines.returned_quantity)
                    / order_lines.quantity
            end as decimal(18, 4)
        ) as net_amount,
        cast(
            order_lines.discount_amount * currency_rates.rate as decimal(18, 4)
        ) as discount_amount,
        order_lines.returned_quantity > 0 as is_returned,
        orders.is_cancelled,
        orders.ordered_date,
        orders.ordered_at
    from order_lines
    inner join orders
        on order_lines.order_id = orders.order_id
    inner join currency_rates
        on
            orders.currency = currency_rates.currency
            and orders.ordered_date >= currency_rates.valid_from
            and orders.ordered_date < currency_rates.valid_until
    left join products
        on order_lines.product_id = products.product_id
)

select * from fct_order_lines
