-- One row per customer: what they will probably bring in the 365 days to come.
{{ config(materialized="table") }}

with customers as (
    select * from {{ ref("dim_customers") }}
),

purchases as (
    select * from {{ ref("int_customer_purchases") }}
),

parameters as (
    select * from {{ ref("int_value_parameters") }}
),

expected_orders as (
    select * from {{ ref("int_value_expected_orders") }}
),

-- steepness is the logarithm of how much likelier the silence since the last order is
-- after stopping.
silences as (
    select
        customer_id,
        coalesce(mean_repeat_value, 0) as mean_repeat_value,
        count_repeat_days,
        days_since_first_order,
        (parameters.order_rate_r + count_repeat_days) * ln(
            (parameters.order_rate_alpha + days_since_first_order)
            / (parameters.order_rate_alpha + days_to_last_order)
        ) as steepness
    from purchases
    cross join parameters
),

predictions as (
    select
        silences.customer_id,
        case
            when parameters.dropout_a is null then null
            when silences.count_repeat_days = 0 then 1
            else
                1 / (
                    1
                    + parameters.dropout_a
                    / (parameters.dropout_b + silences.count_repeat_days - 1)
                    * exp(least(steepness, 600))
                )
        end as probability_alive,
        expected_orders.expected_orders_if_alive_365d,
        parameters.value_p
        * (parameters.value_gamma + mean_repeat_value * silences.count_repeat_days)
        / (parameters.value_p * silences.count_repeat_days + parameters.value_q - 1)
            as expected_order_value
    from silences
    cross join parameters
    inner join expected_orders
        on
            silences.count_repeat_days = expected_orders.count_repeat_days
            and silences.days_since_first_order
            = expected_orders.days_since_first_order
),

int_customer_value_predictions as (
    select
        customers.customer_id,
        cast(
            probability_alive * expected_orders_if_alive_365d * expected_order_value
            as decimal(18, 4)
        ) as expected_revenue_365d,
        round(probability_alive, 6) as probability_alive,
        round(probability_alive * expected_orders_if_alive_365d, 6)
            as expected_orders_365d
    from customers
    left join predictions on customers.customer_id = predictions.customer_id
)

select * from int_customer_value_predictions
