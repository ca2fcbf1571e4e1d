-- One row per basket that a household paid for at a till.
{{ config(enabled="complete_journey" in var("systems")) }}

with transactions as (
    select * from {{ ref("stg_complete_journey__transactions") }}
),

receipt_lines as (
    select distinct * from transactions
),

baskets as (
    select
        basket_id,
        min(household_id) as household_id,
        min(store_id) as store_id,
        sum(sales_amount) as net_amount,
        sum(loyalty_discount_amount + coupon_match_amount) as discount_amount,
        min(purchased_at) as purchased_at
    from receipt_lines
    group by basket_id
),

int_complete_journey__orders as (
    select
        'complete_journey' as system,
        basket_id as order_id,
        household_id as account_id,
        cast(null as varchar) as email,
        cast(null as varchar) as phone,
        cast(null as varchar) as loyalty_card,
        cast(null as varchar) as anonymous_id,
        'completed' as status,
        'store' as channel,
        store_id,
        'USD' as currency,
        cast(null as varchar) as coupon_code,
        cast(net_amount + discount_amount as decimal(18, 4)) as gross_amount,
        cast(discount_amount as decimal(18, 4)) as discount_amount,
        cast(0 as decimal(18, 4)) as tax_amount,
        cast(0 as decimal(18, 4)) as shipping_amount,
        cast(0 as decimal(18, 4)) as refunded_amount,
        purchased_at as ordered_at,
        cast(null as timestamp) as cancelled_at,
        cast(null as timestamp) as refunded_at
    from baskets
)

select * from int_complete_journey__orders
