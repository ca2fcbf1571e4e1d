-- One row per step of a visit to the web shop or its app; rows may repeat.
{{ config(enabled="shop" in var("systems")) }}

with web_events as (
    select * from {{ ref("stg_shop__web_events") }}
),

int_shop__events as (
    select
        'shop' as system,
        event_id,
        anonymous_id,
        account_id,
        session_id,
        {{ decoded("action_code", {
            "page": "page_viewed",
            "category": "category_viewed",
            "product": "product_viewed",
            "search": "searched",
            "promo": "promotion_viewed",
            "add_to_cart": "cart_added",
            "remove_from_cart": "cart_removed",
            "checkout": "checkout_started",
            "purchase": "order_placed",
            "signup": "registered",
            "login": "logged_in",
        }, otherwise="action_code") }} as event_name,
        {{ decoded("device_code", {
            "desktop": "desktop",
            "phone": "mobile",
            "tablet": "tablet",
        }) }} as device_type,
        os,
        browser,
        page,
        product_id,
        lower(category_code) as category,
        campaign_id,
        details as properties,
        occurred_at
    from web_events
)

select * from int_shop__events
