-- One row per recorded step of a user in the web shop.
{{ config(enabled="web_shop_events" in var("systems")) }}
{%- set event_names = {
    "home": "page_viewed",
    "account_page": "page_viewed",
    "catalog": "category_viewed",
    "product_view": "product_viewed",
    "review_page": "reviews_viewed",
    "compare": "products_compared",
    "search": "searched",
    "filter_results": "results_filtered",
    "promo_page": "promotion_viewed",
    "wishlist_add": "wishlist_added",
    "add_to_cart": "cart_added",
    "cart": "cart_viewed",
    "shipping_details": "checkout_started",
    "payment_details": "payment_started",
    "payment_error": "payment_failed",
    "checkout_bug": "checkout_failed",
    "purchase": "order_placed",
    "support_chat": "support_contacted",
    "error_page": "error_shown",
} %}

with events as (
    select * from {{ ref("stg_web_shop_events__events") }}
),

int_web_shop_events__events as (
    select
        'web_shop_events' as system,
        {{ dbt.hash(dbt.concat([
            "coalesce(user_id, '')", "'|'", "coalesce(session_id, '')", "'|'",
            "coalesce(step, '')", "'|'", "coalesce(cast(occurred_at as varchar), '')",
        ])) }} as event_id,
        cast(null as varchar) as anonymous_id,
        user_id as account_id,
        session_id,
        {{ decoded("step", event_names, otherwise="step") }} as event_name,
        platform as device_type,
        cast(null as varchar) as os,
        cast(null as varchar) as browser,
        step as page,
        cast(null as varchar) as product_id,
        cast(null as varchar) as category,
        cast(null as varchar) as campaign_id,
        {{ text_map({
            "acquisition_channel": "acquisition_channel",
            "lifecycle": "user_lifecycle",
        }) }} as properties,
        occurred_at
    from events
)

select * from int_web_shop_events__events
