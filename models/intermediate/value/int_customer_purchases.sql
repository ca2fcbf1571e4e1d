-- One row per customer who has ordered: how often they came back, and since when.
{{ config(materialized="table") }}

with orders as (
    select * from {{ ref("fct_orders") }}
),

clock as (
    select * from {{ ref("int_clock") }}
),

dates as (
    select
        today,
        cast({{ dbt.date_trunc("month", "today") }} as date) as month_start_date
    from clock
),

-- Orders of one day are one purchase.
days as (
    select
        customer_id,
        sum(net_revenue) as net_revenue,
        ordered_date
    from orders
    where not is_cancelled and customer_id is not null
    group by customer_id, ordered_date
),

first_days as (
    select
        customer_id,
        min(ordered_date) as first_order_date
    from days
    group by customer_id
),

seen_days as (
    select
        days.customer_id,
        days.net_revenue,
        days.ordered_date < dates.month_start_date as is_known_at_fit,
        days.ordered_date,
        first_days.first_order_date,
        dates.today,
        dates.month_start_date
    from days
    inner join first_days on days.customer_id = first_days.customer_id
    cross join dates
),

totals as (
    select
        customer_id,
        sum(net_revenue) filter (where ordered_date > first_order_date)
            as repeat_value,
        sum(net_revenue) filter (
            where ordered_date > first_order_date and is_known_at_fit
        ) as repeat_value_at_fit,
        count(*) - 1 as count_repeat_days,
        nullif(count(*) filter (where is_known_at_fit), 0) - 1
            as count_repeat_days_at_fit,
        first_order_date,
        max(ordered_date) as last_order_date,
        max(ordered_date) filter (where is_known_at_fit) as last_order_date_at_fit,
        today,
        month_start_date
    from seen_days
    group by customer_id, first_order_date, today, month_start_date
),

int_customer_purchases as (
    select
        customer_id,
        cast(
            greatest(repeat_value, 0) / nullif(count_repeat_days, 0) as decimal(18, 4)
        ) as mean_repeat_value,
        cast(
            greatest(repeat_value_at_fit, 0) / nullif(count_repeat_days_at_fit, 0)
            as decimal(18, 4)
        ) as mean_repeat_value_at_fit,
        count_repeat_days,
        count_repeat_days_at_fit,
        {{ dbt.datediff("first_order_date", "last_order_date", "day") }}
            as days_to_last_order,
        {{ dbt.datediff("first_order_date", "last_order_date_at_fit", "day") }}
            as days_to_last_order_at_fit,
        {{ dbt.datediff("first_order_date", "today", "day") }}
            as days_since_first_order,
        case
            when count_repeat_days_at_fit is not null
                then
                    {{ dbt.datediff("first_order_date", "month_start_date", "day") }}
        end as days_since_first_order_at_fit,
        first_order_date
    from totals
)

select * from int_customer_purchases
