-- One row per customer: what kind of visitor they are and how far they have come.
{{ config(materialized="table") }}

with consent_features as (
    select * from {{ ref("int_customer_consent_features") }}
),

order_features as (
    select * from {{ ref("int_customer_order_features") }}
),

behaviour_features as (
    select * from {{ ref("int_customer_behaviour_features") }}
),

cart_features as (
    select * from {{ ref("int_customer_cart_features") }}
),

lead_scores as (
    select * from {{ ref("int_customer_lead_scores") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

int_customer_stage_features as (
    select
        consent_features.customer_id,
        case
            when order_features.count_orders_lifetime > 0 then 'customer'
            when consent_features.is_registered then 'registered_without_purchase'
            when
                {{ local_date("behaviour_features.first_seen_at") }}
                < {{ local_date("behaviour_features.last_seen_at") }}
                then 'returning'
            else 'first_time'
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
            when
                behaviour_features.count_sessions_90d >= 2
                or behaviour_features.count_product_views_90d >= 3
                then 'engaged'
            else 'visitor'
        end as sales_stage,
        cast(coalesce(lead_scores.lead_score, 0) as decimal(18, 2)) as lead_score
    from consent_features
    cross join windows
    inner join order_features
        on consent_features.customer_id = order_features.customer_id
    inner join behaviour_features
        on consent_features.customer_id = behaviour_features.customer_id
    inner join cart_features
        on consent_features.customer_id = cart_features.customer_id
    left join lead_scores
        on consent_features.customer_id = lead_scores.customer_id
)

select * from int_customer_stage_features
