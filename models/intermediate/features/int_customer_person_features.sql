-- One row per customer: who the person is and where they live.
{{ config(materialized="table") }}

with customers as (
    select * from {{ ref("dim_customers") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

days_of_customers as (
    select
        customers.customer_id,
        windows.today,
        customers.birth_date,
        {{ local_date("least(customers.registered_at, customers.first_seen_at)") }}
            as customer_since
    from customers
    cross join windows
),

days_that_come_round as (
    select
        customer_id,
        'birthday' as occasion,
        today,
        birth_date as first_date
    from days_of_customers
    where birth_date is not null
    union all
    select
        customer_id,
        'anniversary' as occasion,
        today,
        customer_since as first_date
    from days_of_customers
    where customer_since is not null
),

years_apart as (
    select
        *,
        extract(year from today) - extract(year from first_date) as years_between
    from days_that_come_round
),

-- The first time that a day comes round is a year later.
days_around_today as (
    select
        customer_id,
        occasion,
        years_between,
        today,
        case
            when years_between > 0
                then cast(
                    {{ dbt.dateadd("year", "years_between", "first_date") }} as date
                )
        end as date_this_year,
        cast({{ dbt.dateadd("year", "years_between + 1", "first_date") }} as date)
            as date_next_year
    from years_apart
),

rounds as (
    select
        customer_id,
        occasion,
        case
            when years_between = 0 or date_this_year <= today then years_between
            else years_between - 1
        end as years,
        case
            when date_this_year >= today
                then {{ dbt.datediff("today", "date_this_year", "day") }}
            else {{ dbt.datediff("today", "date_next_year", "day") }}
        end as days_to_next
    from days_around_today
),

rounds_per_customer as (
    select
        customer_id,
        max(case when occasion = 'birthday' then years end) as age,
        max(case when occasion = 'birthday' then days_to_next end)
            as days_to_next_birthday,
        max(case when occasion = 'anniversary' then years end) as years_as_customer,
        max(case when occasion = 'anniversary' then days_to_next end)
            as days_to_next_anniversary
    from rounds
    group by customer_id
),

int_customer_person_features as (
    select
        customers.customer_id,
        case
            when rounds_per_customer.age < 18 then 'under 18'
            when rounds_per_customer.age < 25 then '18-24'
            when rounds_per_customer.age < 35 then '25-34'
            when rounds_per_customer.age < 45 then '35-44'
            when rounds_per_customer.age < 55 then '45-54'
            when rounds_per_customer.age < 65 then '55-64'
            when rounds_per_customer.age >= 65 then '65+'
        end as age_band,
        customers.gender,
        customers.marital_status,
        customers.income_band,
        customers.education,
        customers.language,
        customers.country,
        customers.region,
        customers.city,
        customers.postcode,
        customers.acquisition_channel,
        cast(rounds_per_customer.age as integer) as age,
        cast(rounds_per_customer.days_to_next_birthday as bigint)
            as days_to_next_birthday,
        cast(rounds_per_customer.years_as_customer as integer) as years_as_customer,
        cast(rounds_per_customer.days_to_next_anniversary as bigint)
            as days_to_next_anniversary,
        customers.household_size,
        customers.latitude,
        customers.longitude,
        customers.traits,
        customers.birth_date,
        days_of_customers.customer_since,
        customers.registered_at
    from customers
    inner join days_of_customers
        on customers.customer_id = days_of_customers.customer_id
    left join rounds_per_customer
        on customers.customer_id = rounds_per_customer.customer_id
)

select * from int_customer_person_features
