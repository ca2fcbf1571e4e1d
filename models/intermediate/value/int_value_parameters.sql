-- One row: the parameters of the value model, and the data that they were fitted to.
{{ config(materialized="table") }}
{% set names = [
    "order_rate_r", "order_rate_alpha", "dropout_a", "dropout_b",
    "value_p", "value_q", "value_gamma",
] %}
{% set lowest = {"dropout_a": 0.000001, "dropout_b": 0.01, "value_q": 1.000001} %}
{% set pinned = var("value_parameters", none) %}
{% for name in names if pinned is not none %}
    {% set least = lowest.get(name, 0.000001) %}
    {% if pinned[name] is not number or pinned[name] < least %}
        {{ exceptions.raise_compiler_error(
            "var value_parameters: " ~ name ~ " must be a number from " ~ least
            ~ "; it needs " ~ names | join(", ")
        ) }}
    {% endif %}
{% endfor %}

with purchases as (
    select * from {{ ref("int_customer_purchases") }}
),

clock as (
    select * from {{ ref("int_clock") }}
),

parameters as (
    {% if pinned is not none %}
        select
            'pinned' as origin,
            cast(null as {{ canonical_type("varchar") }}) as order_reason,
            cast(null as {{ canonical_type("varchar") }}) as value_reason,
            {% for name in names %}
                cast({{ pinned[name] }} as {{ canonical_type("double") }}) as {{ name }},
            {% endfor %}
            cast(null as {{ canonical_type("double") }}) as order_log_likelihood,
            cast(null as {{ canonical_type("double") }}) as value_log_likelihood
    {% elif target.type == "duckdb" %}
        select
            'fitted' as origin,
            *
        from {{ ref("int_value_fit") }}
    {% else %}
        select
            'missing' as origin,
            'no_python' as order_reason,
            'no_python' as value_reason,
            {% for name in names %}
                cast(null as {{ canonical_type("double") }}) as {{ name }},
            {% endfor %}
            cast(null as {{ canonical_type("double") }}) as order_log_likelihood,
            cast(null as {{ canonical_type("double") }}) as value_log_likelihood
    {% endif %}
),

-- What a fit can know: whole days before the current month.
known_purchases as (
    select
        count(*) as count_customers,
        count(case when count_repeat_days_at_fit > 0 then 1 end)
            as count_repeat_customers,
        min(first_order_date) as first_order_date
    from purchases
    where count_repeat_days_at_fit is not null
),

int_value_parameters as (
    select
        parameters.origin,
        parameters.order_reason,
        parameters.value_reason,
        {% for name in names %}
            parameters.{{ name }},
        {% endfor %}
        parameters.order_log_likelihood,
        parameters.value_log_likelihood,
        case when parameters.origin = 'fitted' then known_purchases.count_customers end
            as count_customers,
        case
            when parameters.origin = 'fitted'
                then known_purchases.count_repeat_customers
        end as count_repeat_customers,
        case
            when parameters.origin = 'fitted' then known_purchases.first_order_date
        end as fitted_from_date,
        case
            when parameters.origin = 'fitted'
                then cast({{ dbt.date_trunc("month", "clock.today") }} as date)
        end as fitted_until_date
    from parameters
    cross join known_purchases
    cross join clock
)

select * from int_value_parameters
