-- One row per currency and period in which one rate to the project's currency holds.
{{ config(materialized="table") }}

with rates as (
    select * from {{ ref("currency_rates") }}
),

project_rates as (
    select
        valid_from,
        rate_to_eur
    from rates
    where currency = '{{ var("currency") }}'
),

-- A rate holds until the currency's own or the project currency's rate changes.
rate_changes as (
    select
        currency,
        valid_from
    from rates
    union distinct
    select
        rates.currency,
        project_rates.valid_from
    from rates
    cross join project_rates
),

rates_at_changes as (
    select
        rate_changes.currency,
        rate_changes.valid_from,
        rates.rate_to_eur,
        project_rates.rate_to_eur as project_rate_to_eur,
        row_number() over (
            partition by rate_changes.currency, rate_changes.valid_from
            order by rates.valid_from desc, project_rates.valid_from desc
        ) as place
    from rate_changes
    inner join rates
        on
            rate_changes.currency = rates.currency
            and rate_changes.valid_from >= rates.valid_from
    inner join project_rates
        on rate_changes.valid_from >= project_rates.valid_from
),

int_currency_rates as (
    select
        currency,
        cast(rate_to_eur / project_rate_to_eur as decimal(18, 8)) as rate,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by currency order by valid_from),
            cast('9999-12-31' as date)
        ) as valid_until
    from rates_at_changes
    where place = 1
)

select * from int_currency_rates
