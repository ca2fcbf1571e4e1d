-- One row per order in the shop's export; rows may repeat.
{{ config(enabled="shop" in var("systems")) }}

with source as (
    select * from {{ source("shop", "orders") }}
),

renamed as (
    select
        trim(order_no) as order_id,
        trim(account_no) as account_id,
        trim(loyalty_card_no) as loyalty_card,
        trim(visitor_id) as anonymous_id,
        trim(shop_code) as store_id,
        trim(email) as email,
        trim(phone) as phone,
        trim(state) as state_code,
        trim(sales_channel) as sales_channel_code,
        trim(delivery_country) as delivery_country,
        trim(currency) as currency,
        trim(voucher_code) as coupon_code,
        cast(goods_value as decimal(18, 4)) as gross_amount,
        cast(discount as decimal(18, 4)) as discount_amount,
        cast(tax as decimal(18, 4)) as tax_amount,
        cast(shipping_fee as decimal(18, 4)) as shipping_amount,
        cast(total as decimal(18, 4)) as total_amount,
        cast(refunded as decimal(18, 4)) as refunded_amount,
        cast(placed_at as timestamp) as ordered_at,
        cast(cancelled_at as timestamp) as cancelled_at,
        cast(refunded_at as timestamp) as refunded_at,
        cast(exported_at as timestamp) as exported_at
    from source
)

select * from renamed
