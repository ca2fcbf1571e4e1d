-- One row per customer: what they are worth beside the others, and where it goes.
{{ config(materialized="table") }}

with order_features as (
    select * from {{ ref("int_customer_order_features") }}
),

rfm_scores as (
    select * from {{ ref("int_customer_rfm_scores") }}
),

-- What the 275 days before the last 90 brought; the top fifth of those with any.
former_spenders as (
    select
        customer_id,
        net_revenue_365d - net_revenue_90d as former_revenue,
        row_number() over (
            order by net_revenue_365d - net_revenue_90d desc, customer_id asc
        ) as place,
        count(*) over () as count_spenders
    from order_features
    where net_revenue_365d - net_revenue_90d > 0
),

former_high_spenders as (
    select
        customer_id,
        former_revenue
    from former_spenders
    where 5 * (place - 1) < count_spenders
),

int_customer_value_features as (
    select
        order_features.customer_id,
        case
            when rfm_scores.customer_id is null then null
            when
                rfm_scores.recency_score >= 4
                and rfm_scores.frequency_score + rfm_scores.monetary_score >= 8
                then 'champions'
            when
                rfm_scores.recency_score >= 3
                and rfm_scores.frequency_score + rfm_scores.monetary_score >= 6
                then 'loyal'
            when rfm_scores.recency_score >= 4 then 'promising'
            when rfm_scores.recency_score = 3 then 'needs_attention'
            when rfm_scores.frequency_score + rfm_scores.monetary_score >= 8
                then 'cannot_lose'
            when rfm_scores.frequency_score + rfm_scores.monetary_score >= 6
                then 'at_risk'
            else 'hibernating'
        end as rfm_group,
        rfm_scores.recency_score,
        rfm_scores.frequency_score,
        rfm_scores.monetary_score,
        {{ ratio(
            "order_features.net_revenue_90d",
            "greatest(order_features.net_revenue_previous_90d, 0)"
        ) }} as revenue_trend_90d,
        {{ ratio(
            "order_features.net_revenue_90d",
            "greatest(order_features.net_revenue_90d_last_year, 0)"
        ) }} as revenue_trend_90d_last_year,
        coalesce(
            order_features.net_revenue_90d / 90
            < former_high_spenders.former_revenue / 275 / 2,
            false
        ) as is_former_high_spender_in_decline
    from order_features
    left join rfm_scores on order_features.customer_id = rfm_scores.customer_id
    left join former_high_spenders
        on order_features.customer_id = former_high_spenders.customer_id
)

select * from int_customer_value_features
