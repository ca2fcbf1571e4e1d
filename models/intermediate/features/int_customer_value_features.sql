-- One row per customer: what they are worth beside the others, and where it goes.
{{ config(materialized="table") }}

with order_features as (
    select * from {{ ref("int_customer_order_features") }}
),

-- Five fifths of those who ordered within a year; 5 is the best.
scores as (
    select
        customer_id,
        cast(
            6 - ntile(5) over (order by last_order_at desc, customer_id asc)
            as integer
        ) as recency_score,
        cast(
            6 - ntile(5) over (order by count_orders_365d desc, customer_id asc)
            as integer
        ) as frequency_score,
        cast(
            6 - ntile(5) over (order by net_revenue_365d desc, customer_id asc)
            as integer
        ) as monetary_score
    from order_features
    where count_orders_365d > 0
),

-- What the 275 days before the last 90 brought.
former_revenue as (
    select
        customer_id,
        net_revenue_365d - net_revenue_90d as net_revenue
    from order_features
),

-- The top fifth of those with any such revenue.
former_high_spenders as (
    select
        customer_id,
        net_revenue,
        ntile(5) over (order by net_revenue desc, customer_id asc) as fifth
    from former_revenue
    where net_revenue > 0
),

int_customer_value_features as (
    select
        order_features.customer_id,
        case
            when scores.customer_id is null then null
            when
                scores.recency_score >= 4
                and scores.frequency_score + scores.monetary_score >= 8
                then 'champions'
            when
                scores.recency_score >= 3
                and scores.frequency_score + scores.monetary_score >= 6
                then 'loyal'
            when scores.recency_score >= 4 then 'promising'
            when scores.recency_score = 3 then 'needs_attention'
            when scores.frequency_score + scores.monetary_score >= 8
                then 'cannot_lose'
            when scores.frequency_score + scores.monetary_score >= 6
                then 'at_risk'
            else 'hibernating'
        end as rfm_group,
        scores.recency_score,
        scores.frequency_score,
        scores.monetary_score,
        {{ ratio(
            "order_features.net_revenue_90d",
            "greatest(order_features.net_revenue_previous_90d, 0)"
        ) }} as revenue_trend_90d,
        coalesce(
            former_high_spenders.fifth = 1
            and order_features.net_revenue_90d / 90
            < former_high_spenders.net_revenue / 275 / 2,
            false
        ) as is_former_high_spender_in_decline
    from order_features
    left join scores on order_features.customer_id = scores.customer_id
    left join former_high_spenders
        on order_features.customer_id = former_high_spenders.customer_id
)

select * from int_customer_value_features
