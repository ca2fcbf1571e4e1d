-- One row if the seed has no rate for the currency that the project reports in.
with rates as (
    select * from {{ ref("currency_rates") }}
),

project_currency_has_rates as (
    select count(*) as count_rates
    from rates
    where currency = '{{ var("currency") }}'
    having count(*) = 0
)

select * from project_currency_has_rates
