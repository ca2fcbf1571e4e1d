-- One row per customer with an order in the last 365 days: their fifths by R, F and M.
{{ config(materialized="table") }}
{% set measures = {
    "recency": "days_since_last_order asc",
    "frequency": "count_orders_365d desc",
    "monetary": "net_revenue_365d desc",
} %}

with order_features as (
    select * from {{ ref("int_customer_order_features") }}
),

ranks as (
    select
        customer_id,
        days_since_last_order,
        count_orders_365d,
        net_revenue_365d,
        {% for measure, order in measures.items() %}
            row_number() over (order by {{ order }}, customer_id asc)
                as {{ measure }}_rank,
        {% endfor %}
        count(*) over () as count_customers
    from order_features
    where count_orders_365d > 0
),

-- The best k fifths are ceil(k * n / 5) customers, as `top: 20%` of the language keeps.
int_customer_rfm_scores as (
    select
        customer_id,
        {% for measure in measures %}
            {{ measure }}_rank,
            cast(5 - floor(5 * ({{ measure }}_rank - 1) / count_customers) as integer)
                as {{ measure }}_score,
        {% endfor %}
        days_since_last_order,
        count_orders_365d,
        net_revenue_365d
    from ranks
)

select * from int_customer_rfm_scores
