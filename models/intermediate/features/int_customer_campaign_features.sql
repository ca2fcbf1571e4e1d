-- One row per customer: how they respond to campaigns and whom they bring.
{{ config(materialized="table") }}

with customers as (
    select * from {{ ref("dim_customers") }}
),

messages as (
    select * from {{ ref("fct_messages") }}
),

attributed_orders as (
    select * from {{ ref("int_attributed_orders") }}
),

referrals as (
    select * from {{ ref("fct_referrals") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

responses as (
    select
        customer_id,
        channel,
        'opened' as response,
        opened_at as responded_at
    from messages
    where customer_id is not null and not is_bounced and opened_at is not null
    union all
    select
        customer_id,
        channel,
        'clicked' as response,
        clicked_at as responded_at
    from messages
    where customer_id is not null and not is_bounced and clicked_at is not null
),

responses_per_customer as (
    select
        customer_id,
        max(case when response = 'opened' then responded_at end) as last_opened_at,
        max(case when response = 'clicked' then responded_at end) as last_clicked_at,
        max(responded_at) as last_response_at
    from responses
    group by customer_id
),

preferences as (
    {% for preference, expression in {
        "channel": "channel",
        "weekday": weekday(local_date("responded_at")),
        "hour": "cast(extract(hour from "
        ~ local_timestamp("responded_at") ~ ") as varchar)",
    }.items() %}
        select
            customer_id,
            '{{ preference }}' as preference,
            {{ expression }} as choice,
            responded_at
        from responses
        {{ "union all" if not loop.last }}
    {% endfor %}
),

ranked_preferences as (
    select
        customer_id,
        preference,
        choice,
        row_number() over (
            partition by customer_id, preference
            order by count(*) desc, max(responded_at) desc, choice asc
        ) as place
    from preferences
    group by customer_id, preference, choice
),

preferences_per_customer as (
    select
        customer_id,
        max(case when preference = 'channel' then choice end) as channel,
        max(case when preference = 'weekday' then choice end) as weekday,
        max(case when preference = 'hour' then choice end) as hour_of_day
    from ranked_preferences
    where place = 1
    group by customer_id
),

orders_per_customer as (
    select
        attributed_orders.customer_id,
        count(*) as count_orders,
        sum(attributed_orders.net_revenue) as net_revenue
    from attributed_orders
    cross join windows
    where attributed_orders.ordered_at >= windows.start_365d_at
    group by attributed_orders.customer_id
),

referrals_per_customer as (
    select
        customer_id,
        count(*) as count_referrals,
        count(*) filter (where is_successful) as count_successful_referrals
    from referrals
    where customer_id is not null
    group by customer_id
),

referred_customers as (
    select distinct referred_customer_id
    from referrals
    where referred_customer_id is not null
),

int_customer_campaign_features as (
    select
        customers.customer_id,
        coalesce(customers.preferred_channel, preferences_per_customer.channel)
            as preferred_channel,
        preferences_per_customer.weekday as best_weekday_to_write,
        cast(preferences_per_customer.hour_of_day as integer) as best_hour_to_write,
        coalesce(orders_per_customer.count_orders, 0)
            as count_attributed_orders_365d,
        cast(coalesce(orders_per_customer.net_revenue, 0) as decimal(18, 4))
            as attributed_revenue_365d,
        coalesce(referrals_per_customer.count_referrals, 0) as count_referrals,
        coalesce(referrals_per_customer.count_successful_referrals, 0)
            as count_successful_referrals,
        {{ dbt.datediff(
            local_date("responses_per_customer.last_response_at"),
            "windows.today",
            "day"
        ) }} as days_since_last_response,
        referred_customers.referred_customer_id is not null as is_referred,
        responses_per_customer.last_opened_at,
        responses_per_customer.last_clicked_at,
        responses_per_customer.last_response_at
    from customers
    cross join windows
    left join responses_per_customer
        on customers.customer_id = responses_per_customer.customer_id
    left join preferences_per_customer
        on customers.customer_id = preferences_per_customer.customer_id
    left join orders_per_customer
        on customers.customer_id = orders_per_customer.customer_id
    left join referrals_per_customer
        on customers.customer_id = referrals_per_customer.customer_id
    left join referred_customers
        on customers.customer_id = referred_customers.referred_customer_id
)

select * from int_customer_campaign_features
