-- One row per order in the shop's export; rows may repeat.
{{ config(enabled="shop" in var("systems")) }}

with orders as (
    select * from {{ ref("stg_shop__orders") }}
),

int_shop__orders as (
    select
        'shop' as system,
        order_id,
        account_id,
        lower(email) as email,
        {{ international_phone("phone", "delivery_country") }} as phone,
        loyalty_card,
        anonymous_id,
        {{ decoded("state_code", {
            "open": "pending",
            "paid": "completed",
            "shipped": "completed",
            "delivered": "completed",
            "returned": "completed",
            "cancelled": "cancelled",
        }) }} as status,
        {{ decoded("sales_channel_code", {
            "web": "web",
            "app": "app",
            "pos": "store",
            "phone": "phone",
            "marketplace": "marketplace",
        }, otherwise="sales_channel_code") }} as channel,
        store_id,
        upper(currency) as currency,
        coupon_code,
        gross_amount,
        discount_amount,
        tax_amount,
        shipping_amount,
        refunded_amount,
        ordered_at,
        cancelled_at,
        refunded_at
    from orders
)

select * from int_shop__orders
