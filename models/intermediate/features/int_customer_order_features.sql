-- One row per customer: how often and how much they order, and what came of it.
{{ config(materialized="table") }}
{% set windows = ["7d", "30d", "90d", "180d", "365d"] %}

with customers as (
    select * from {{ ref("dim_customers") }}
),

orders as (
    select * from {{ ref("fct_orders") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

orders_in_windows as (
    select
        orders.customer_id,
        orders.coupon_code,
        orders.net_revenue,
        orders.item_count,
        orders.is_discounted,
        orders.is_returned,
        {% for window in windows %}
            not orders.is_cancelled
            and orders.ordered_at >= windows.start_{{ window }}_at
                as is_in_{{ window }},
        {% endfor %}
        not orders.is_cancelled as is_in_lifetime,
        not orders.is_cancelled
        and orders.ordered_at >= windows.start_90d_last_year_at
        and orders.ordered_at < windows.end_90d_last_year_at as is_in_90d_last_year,
        orders.is_cancelled
        and orders.ordered_at >= windows.start_365d_at as is_cancelled_in_365d,
        orders.ordered_date,
        orders.ordered_at
    from orders
    cross join windows
    where orders.customer_id is not null
),

totals as (
    select
        customer_id,
        {% for window in windows + ["lifetime"] %}
            count(*) filter (where is_in_{{ window }}) as count_orders_{{ window }},
            sum(item_count) filter (where is_in_{{ window }})
                as items_bought_{{ window }},
            sum(net_revenue) filter (where is_in_{{ window }})
                as net_revenue_{{ window }},
            max(net_revenue) filter (where is_in_{{ window }})
                as largest_order_value_{{ window }},
        {% endfor %}
        sum(net_revenue) filter (where is_in_90d_last_year)
            as net_revenue_90d_last_year,
        count(*) filter (where is_in_365d and is_discounted) as count_discounted,
        count(*) filter (where is_in_365d and is_returned) as count_returned,
        count(*) filter (where is_cancelled_in_365d) as count_cancelled,
        count(coupon_code) filter (where is_in_365d) as count_with_coupon,
        max(ordered_date) filter (where is_in_lifetime) as last_order_date,
        min(ordered_at) filter (where is_in_lifetime) as first_order_at,
        max(ordered_at) filter (where is_in_lifetime) as last_order_at
    from orders_in_windows
    group by customer_id
),

int_customer_order_features as (
    select
        customers.customer_id,
        {% for window in windows + ["lifetime"] %}
            coalesce(totals.count_orders_{{ window }}, 0)
                as count_orders_{{ window }},
            cast(coalesce(totals.items_bought_{{ window }}, 0) as decimal(18, 3))
                as items_bought_{{ window }},
            cast(coalesce(totals.net_revenue_{{ window }}, 0) as decimal(18, 4))
                as net_revenue_{{ window }},
            cast(
                totals.net_revenue_{{ window }}
                / nullif(totals.count_orders_{{ window }}, 0)
                as decimal(18, 4)
            ) as average_order_value_{{ window }},
            totals.largest_order_value_{{ window }},
        {% endfor %}
        cast(
            coalesce(totals.net_revenue_180d, 0)
            - coalesce(totals.net_revenue_90d, 0) as decimal(18, 4)
        ) as net_revenue_previous_90d,
        cast(coalesce(totals.net_revenue_90d_last_year, 0) as decimal(18, 4))
            as net_revenue_90d_last_year,
        coalesce(totals.count_cancelled, 0) as count_cancelled_orders_365d,
        coalesce(totals.count_with_coupon, 0) as count_coupons_used_365d,
        {{ ratio("totals.count_discounted", "totals.count_orders_365d") }}
            as share_discounted_orders_365d,
        {{ ratio("totals.count_returned", "totals.count_orders_365d") }}
            as share_returned_orders_365d,
        {{ ratio(
            "totals.count_cancelled",
            "(totals.count_orders_365d + totals.count_cancelled)"
        ) }} as share_cancelled_orders_365d,
        {{ ratio("totals.count_with_coupon", "totals.count_orders_365d") }}
            as share_coupon_orders_365d,
        {{ dbt.datediff("totals.last_order_date", "windows.today", "day") }}
            as days_since_last_order,
        totals.first_order_at,
        totals.last_order_at
    from customers
    cross join windows
    left join totals on customers.customer_id = totals.customer_id
)

select * from int_customer_order_features
