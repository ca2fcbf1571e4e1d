-- One row per product line on a receipt.
{{ config(enabled="complete_journey" in var("systems")) }}

with transactions as (
    select * from {{ ref("stg_complete_journey__transactions") }}
),

products as (
    select * from {{ ref("stg_complete_journey__products") }}
),

transactions_with_kind as (
    select
        transactions.*,
        coalesce(products.product_type like 'GASOLINE%', false) as is_fuel
    from transactions
    left join products
        on transactions.product_id = products.product_id
),

int_complete_journey__order_lines as (
    select
        'complete_journey' as system,
        basket_id as order_id,
        cast(
            dense_rank() over (
                partition by basket_id
                order by
                    product_id,
                    quantity,
                    sales_amount,
                    loyalty_discount_amount,
                    coupon_amount,
                    coupon_match_amount
            ) as integer
        ) as line_number,
        product_id,
        -- The till counts fuel in thousandths of a gallon, prepaid fuel as one piece.
        cast(
            case when is_fuel and quantity > 1 then quantity / 1000 else quantity end
            as decimal(18, 3)
        ) as quantity,
        cast(0 as decimal(18, 3)) as returned_quantity,
        sales_amount as net_amount,
        cast(
            loyalty_discount_amount + coupon_match_amount as decimal(18, 4)
        ) as discount_amount,
        purchased_at as ordered_at,
        cast(null as timestamp) as returned_at
    from transactions_with_kind
)

select * from int_complete_journey__order_lines
