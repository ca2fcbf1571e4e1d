-- One row per R, F or M and fifth: where the fifth begins and ends.
{{ config(materialized="table") }}
{% set measures = {
    "recency": "days_since_last_order",
    "frequency": "count_orders_365d",
    "monetary": "net_revenue_365d",
} %}

with rfm_scores as (
    select * from {{ ref("int_customer_rfm_scores") }}
),

scored_values as (
    {% for measure, value in measures.items() %}
        select
            customer_id,
            '{{ measure }}' as measure,
            {{ measure }}_score as score,
            cast({{ value }} as decimal(18, 4)) as measured_value,
            row_number() over (
                partition by {{ measure }}_score order by {{ measure }}_rank desc
            ) as place_from_the_end
        from rfm_scores
        {{ "union all" if not loop.last }}
    {% endfor %}
),

int_rfm_cut_points as (
    select
        measure,
        max(case when place_from_the_end = 1 then customer_id end) as last_customer_id,
        score,
        count(*) as count_customers,
        min(measured_value) as lowest_value,
        max(measured_value) as highest_value
    from scored_values
    group by measure, score
)

select * from int_rfm_cut_points
