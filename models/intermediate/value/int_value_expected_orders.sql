-- One row per history: orders in 365 days of somebody who has not stopped ordering.
{{ config(materialized="table") }}

with purchases as (
    select * from {{ ref("int_customer_purchases") }}
),

parameters as (
    select * from {{ ref("int_value_parameters") }}
),

histories as (
    select distinct
        count_repeat_days,
        days_since_first_order
    from purchases
),

-- After every order somebody stops with their own probability p. What is known of p is
-- a beta distribution of these two shapes; the rule below follows it around its center.
distributions as (
    select
        histories.count_repeat_days,
        parameters.order_rate_r + histories.count_repeat_days as rate_shape,
        parameters.dropout_a as stop_shape,
        parameters.dropout_b + histories.count_repeat_days as stay_shape,
        ln(
            (parameters.dropout_a + 1)
            / (parameters.dropout_b + histories.count_repeat_days + 1)
        ) as center,
        sqrt(
            1 / (parameters.dropout_a + 1)
            + 1 / (parameters.dropout_b + histories.count_repeat_days + 1)
        ) as width
    from (select distinct count_repeat_days from histories) as histories
    cross join parameters
),

-- u goes from -18 to 8 in steps of 1/8.
steps as (
    select cast(numbers.step as {{ canonical_type("double") }}) / 8 as u
    from (
        values
        {% for step in range(-144, 65) %}
            ({{ step }}){{ "," if not loop.last }}
        {% endfor %}
    ) as numbers (step)
),

logits as (
    select
        distributions.*,
        distributions.center + distributions.width * sinh(steps.u) as logit,
        cosh(steps.u) as spacing
    from distributions
    cross join steps
),

-- Logarithms of p and 1 - p, written so that neither under- nor overflows.
logarithms as (
    select
        *,
        least(logit, 0) - ln(1 + exp(-abs(logit))) as log_stop,
        least(-logit, 0) - ln(1 + exp(-abs(logit))) as log_stay,
        -ln(1 + exp(-center)) as center_log_stop,
        -ln(1 + exp(center)) as center_log_stay
    from logits
),

points as (
    select
        count_repeat_days,
        rate_shape,
        exp(greatest(log_stop, -600)) as stop_probability,
        spacing * exp(
            stop_shape * (log_stop - center_log_stop)
            + stay_shape * (log_stay - center_log_stay)
        ) as weight
    from logarithms
),

points_per_history as (
    select
        points.count_repeat_days,
        points.rate_shape,
        points.stop_probability,
        points.weight,
        histories.days_since_first_order,
        points.stop_probability * 365
        / (parameters.order_rate_alpha + histories.days_since_first_order) as growth
    from histories
    inner join points on histories.count_repeat_days = points.count_repeat_days
    cross join parameters
),

-- With the share s = (1 + growth) ** -rate_shape of those who place none, this is
-- (1 - s) / (1 + s), without the loss of digits at small growth.
halves as (
    select
        *,
        tanh(rate_shape * atanh(growth / (2 + growth))) as half
    from points_per_history
),

-- Decimals add up to the same in any order.
averages as (
    select
        count_repeat_days,
        days_since_first_order,
        cast(
            sum(
                cast(
                    weight * 2 * half / (1 + half) / stop_probability
                    as decimal(38, 18)
                )
            ) as {{ canonical_type("double") }}
        ) as weighted_orders,
        cast(
            sum(cast(weight as decimal(38, 18))) as {{ canonical_type("double") }}
        ) as weight
    from halves
    group by count_repeat_days, days_since_first_order
),

int_value_expected_orders as (
    select
        count_repeat_days,
        days_since_first_order,
        round(weighted_orders / weight, 6) as expected_orders_if_alive_365d
    from averages
)

select * from int_value_expected_orders
