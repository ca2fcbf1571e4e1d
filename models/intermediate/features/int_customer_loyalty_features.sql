-- One row per customer: their loyalty points, rewards and spend that counts.
{{ config(materialized="table") }}
{% set kinds = ["earned", "redeemed", "expired"] %}
{% set windows = ["30d", "90d", "365d"] %}
{% set lifetime = var("points_expire_after_days") %}

with customers as (
    select * from {{ ref("dim_customers") }}
),

points as (
    select * from {{ ref("fct_points") }}
),

orders as (
    select * from {{ ref("fct_orders") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

entries as (
    select
        points.customer_id,
        points.entry_type,
        points.points,
        {% for window in windows %}
            points.occurred_at >= windows.start_{{ window }}_at as is_in_{{ window }},
        {% endfor %}
        points.occurred_at
    from points
    cross join windows
    where points.customer_id is not null
),

entries_per_customer as (
    select
        customer_id,
        sum(points) as points_balance,
        {% for kind in kinds %}
            {% for window in windows %}
                sum(abs(points)) filter (
                    where entry_type = '{{ kind }}' and is_in_{{ window }}
                ) as points_{{ kind }}_{{ window }},
            {% endfor %}
        {% endfor %}
        count(*) filter (where entry_type = 'redeemed') as count_redemptions,
        count(*) filter (where entry_type = 'redeemed' and is_in_365d)
            as count_redemptions_365d,
        max(occurred_at) filter (where entry_type = 'earned') as last_earned_at,
        max(occurred_at) filter (where entry_type = 'redeemed') as last_redeemed_at,
        max(occurred_at) filter (where entry_type in ('earned', 'redeemed'))
            as last_points_at
    from entries
    group by customer_id
),

rewards as (
    select distinct
        customer_id,
        reward
    from points
    where entry_type = 'redeemed' and reward is not null
),

rewards_per_customer as (
    select
        customer_id,
        {{ sorted_list("reward") }} as rewards_redeemed
    from rewards
    group by customer_id
),

qualifying_orders as (
    select
        orders.customer_id,
        sum(orders.net_revenue) as net_revenue
    from orders
    cross join windows
    where
        orders.customer_id is not null
        and orders.status = 'completed'
        and orders.ordered_at >= windows.start_365d_at
        and not orders.is_cancelled
    group by orders.customer_id
),

-- Points run out when nothing was earned for a time: all that are left, on one day.
expiries as (
    select
        customer_id,
        points_balance,
        {% if lifetime is none %}
            cast(null as date) as expiry_date
        {% else %}
            cast(
                {{ dbt.dateadd("day", lifetime, local_date("last_earned_at")) }} as date
            ) as expiry_date
        {% endif %}
    from entries_per_customer
    where points_balance > 0
),

int_customer_loyalty_features as (
    select
        customers.customer_id,
        cast(coalesce(entries_per_customer.points_balance, 0) as bigint)
            as points_balance,
        {% for kind in kinds %}
            {% for window in windows %}
                cast(
                    coalesce(entries_per_customer.points_{{ kind }}_{{ window }}, 0)
                    as bigint
                ) as points_{{ kind }}_{{ window }},
            {% endfor %}
        {% endfor %}
        {% for days in [30, 90] %}
            cast(
                case
                    when
                        expiries.expiry_date
                        < {{ dbt.dateadd("day", days, "windows.today") }}
                        then expiries.points_balance
                    else 0
                end as bigint
            ) as points_expiring_{{ days }}d,
        {% endfor %}
        coalesce(entries_per_customer.count_redemptions, 0)
            as count_redemptions_lifetime,
        coalesce(entries_per_customer.count_redemptions_365d, 0)
            as count_redemptions_365d,
        {{ dbt.datediff(
            local_date("entries_per_customer.last_points_at"),
            "windows.today",
            "day"
        ) }} as days_without_points_movement,
        cast(coalesce(qualifying_orders.net_revenue, 0) as decimal(18, 4))
            as qualifying_spend_365d,
        {{ list_or_empty("rewards_per_customer.rewards_redeemed") }}
            as rewards_redeemed,
        expiries.expiry_date as points_expire_on,
        entries_per_customer.last_points_at,
        entries_per_customer.last_redeemed_at
    from customers
    cross join windows
    left join entries_per_customer
        on customers.customer_id = entries_per_customer.customer_id
    left join rewards_per_customer
        on customers.customer_id = rewards_per_customer.customer_id
    left join qualifying_orders
        on customers.customer_id = qualifying_orders.customer_id
    left join expiries on customers.customer_id = expiries.customer_id
)

select * from int_customer_loyalty_features
