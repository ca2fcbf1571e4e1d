-- One row per customer: what they do on the web site and in the app.
{{ config(materialized="table") }}
{% set counts = [
    "count_sessions_7d",
    "count_sessions_30d",
    "count_sessions_90d",
    "count_sessions_365d",
    "count_page_views_30d",
    "count_page_views_90d",
    "count_product_views_30d",
    "count_product_views_90d",
    "count_searches_30d",
    "count_searches_90d",
] %}

with customers as (
    select * from {{ ref("dim_customers") }}
),

behaviour as (
    select * from {{ ref("int_visitor_behaviour") }}
),

customer_days as (
    select * from {{ ref("int_customer_days") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

days_per_customer as (
    select
        customer_days.customer_id,
        count(case when customer_days.last_event_at >= windows.start_30d_at then 1 end)
            as days_active_30d,
        count(case when customer_days.last_event_at >= windows.start_90d_at then 1 end)
            as days_active_90d
    from customer_days
    cross join windows
    group by customer_days.customer_id
),

int_customer_behaviour_features as (
    select
        customers.customer_id,
        behaviour.top_category_browsed_90d,
        {% for count in counts %}
            coalesce(behaviour.{{ count }}, 0) as {{ count }},
        {% endfor %}
        coalesce(days_per_customer.days_active_30d, 0) as days_active_30d,
        coalesce(days_per_customer.days_active_90d, 0) as days_active_90d,
        {{ dbt.datediff("behaviour.last_seen_date", "windows.today", "day") }}
            as days_since_last_seen,
        behaviour.share_mobile_events_90d,
        {{ list_or_empty("behaviour.categories_browsed_30d") }}
            as categories_browsed_30d,
        {{ list_or_empty("behaviour.categories_browsed_90d") }}
            as categories_browsed_90d,
        {{ list_or_empty("behaviour.device_types_90d") }} as device_types_90d,
        behaviour.first_seen_at,
        behaviour.last_seen_at
    from customers
    cross join windows
    left join behaviour
        on customers.customer_id = behaviour.visitor_id and behaviour.is_customer
    left join days_per_customer
        on customers.customer_id = days_per_customer.customer_id
)

select * from int_customer_behaviour_features
