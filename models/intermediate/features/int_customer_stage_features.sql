-- One row per customer: what kind of visitor they are and how far they have come.
{{ config(materialized="table") }}

with consent_features as (
    select * from {{ ref("int_customer_consent_features") }}
),

order_features as (
    select * from {{ ref("int_customer_order_features") }}
),

cart_features as (
    select * from {{ ref("int_customer_cart_features") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

int_customer_stage_features as (
    select
        consent_features.customer_id,
        case
            when not consent_features.is_registered then 'guest'
            when order_features.count_orders_lifetime = 0
                then 'registered_without_purchase'
            when order_features.count_orders_lifetime = 1 then 'first_time'
            else 'returning'
        end as visitor_type,
        case
            when
                order_features.count_orders_lifetime > 0
                and order_features.count_orders_365d = 0
                then 'lapsed'
            when order_features.count_orders_365d >= 4 then 'loyal'
            when order_features.count_orders_lifetime >= 2 then 'repeat'
            when order_features.count_orders_lifetime = 1 then 'first_purchase'
            when
                cart_features.last_abandoned_cart_at >= windows.start_30d_at
                then 'cart'
            when
                consent_features.is_registered
                or consent_features.is_email_reachable
                or consent_features.is_sms_reachable
                or consent_features.is_push_reachable
                or consent_features.is_post_reachable
                then 'lead'
            else 'engaged'
        end as sales_stage
    from consent_features
    cross join windows
    inner join order_features
        on consent_features.customer_id = order_features.customer_id
    inner join cart_features
        on consent_features.customer_id = cart_features.customer_id
)

select * from int_customer_stage_features
