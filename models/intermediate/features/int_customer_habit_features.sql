-- One row per customer: through what, when and at what pace they order.
{{ config(materialized="table") }}
{% set habits = {
    "channel": "channel",
    "store": "store_id",
    "currency": "currency",
    "coupon": "coupon_code",
    "weekday": weekday("ordered_date"),
    "hour": "cast(extract(hour from local_ordered_at) as varchar)",
} %}

with customers as (
    select * from {{ ref("dim_customers") }}
),

orders as (
    select * from {{ ref("fct_orders") }}
),

customer_days as (
    select * from {{ ref("int_customer_days") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

kept_orders as (
    select
        customer_id,
        channel,
        store_id,
        currency,
        coupon_code,
        ordered_date,
        ordered_at,
        {{ local_timestamp("ordered_at") }} as local_ordered_at
    from orders
    where customer_id is not null and not is_cancelled
),

choices as (
    {% for habit, expression in habits.items() %}
        select
            customer_id,
            '{{ habit }}' as habit,
            {{ expression }} as choice,
            ordered_at
        from kept_orders
        {{ "union all" if not loop.last }}
    {% endfor %}
),

counted_choices as (
    select
        customer_id,
        habit,
        choice,
        count(*) as count_orders,
        max(ordered_at) as last_ordered_at
    from choices
    where choice is not null
    group by customer_id, habit, choice
),

ranked_choices as (
    select
        counted_choices.customer_id,
        counted_choices.habit,
        counted_choices.choice,
        row_number() over (
            partition by counted_choices.customer_id, counted_choices.habit
            order by
                counted_choices.count_orders desc,
                counted_choices.last_ordered_at desc,
                counted_choices.choice asc
        ) as preference,
        counted_choices.last_ordered_at >= windows.start_365d_at as is_in_365d
    from counted_choices
    cross join windows
),

habits_per_customer as (
    select
        {% for habit in ["channel", "store", "currency", "weekday", "hour"] %}
            max(case when habit = '{{ habit }}' and preference = 1 then choice end)
                as preferred_{{ habit }},
        {% endfor %}
        {% for habit in ["channel", "store", "coupon"] %}
            {{ sorted_list(
                "case when habit = '" ~ habit ~ "' and is_in_365d then choice end"
            ) }} as {{ habit }}s_used,
        {% endfor %}
        customer_id
    from ranked_choices
    group by customer_id
),

-- Several orders of a day are one visit to the shop.
gaps as (
    select
        customer_id,
        lag(activity_date) over (
            partition by customer_id order by activity_date
        ) as previous_date,
        activity_date
    from customer_days
    where count_orders > 0
),

paces as (
    select
        customer_id,
        avg({{ dbt.datediff("previous_date", "activity_date", "day") }})
            as average_days,
        percentile_cont(0.5) within group (
            order by {{ dbt.datediff("previous_date", "activity_date", "day") }}
        ) as typical_days,
        max(activity_date) as last_order_date
    from gaps
    group by customer_id
),

int_customer_habit_features as (
    select
        customers.customer_id,
        habits_per_customer.preferred_channel as preferred_order_channel,
        habits_per_customer.preferred_store as preferred_store_id,
        habits_per_customer.preferred_currency as preferred_order_currency,
        habits_per_customer.preferred_weekday as preferred_order_weekday,
        cast(habits_per_customer.preferred_hour as integer) as preferred_order_hour,
        paces.average_days as average_days_between_orders,
        paces.typical_days as typical_days_between_orders,
        {{ ratio(
            dbt.datediff("paces.last_order_date", "windows.today", "day"),
            "paces.typical_days"
        ) }} as overdue_ratio_next_order,
        {{ list_or_empty("habits_per_customer.channels_used") }}
            as order_channels_365d,
        {{ list_or_empty("habits_per_customer.stores_used") }} as stores_365d,
        {{ list_or_empty("habits_per_customer.coupons_used") }} as coupons_used_365d
    from customers
    cross join windows
    left join habits_per_customer
        on customers.customer_id = habits_per_customer.customer_id
    left join paces on customers.customer_id = paces.customer_id
)

select * from int_customer_habit_features
