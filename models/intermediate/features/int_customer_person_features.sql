-- One row per customer: who the person is and where they live.
{{ config(materialized="table") }}

with customers as (
    select * from {{ ref("dim_customers") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

birthdays as (
    select
        customers.customer_id,
        windows.today,
        extract(year from windows.today)
        - extract(year from customers.birth_date) as years_apart,
        customers.birth_date
    from customers
    cross join windows
),

birthdays_around_today as (
    select
        customer_id,
        years_apart,
        today,
        cast({{ dbt.dateadd("year", "years_apart", "birth_date") }} as date)
            as birthday_this_year,
        cast({{ dbt.dateadd("year", "years_apart + 1", "birth_date") }} as date)
            as birthday_next_year
    from birthdays
),

ages as (
    select
        customer_id,
        case
            when birthday_this_year <= today then years_apart
            else years_apart - 1
        end as age,
        case
            when birthday_this_year >= today
                then {{ dbt.datediff("today", "birthday_this_year", "day") }}
            else {{ dbt.datediff("today", "birthday_next_year", "day") }}
        end as days_to_next_birthday
    from birthdays_around_today
),

int_customer_person_features as (
    select
        customers.customer_id,
        case
            when ages.age < 18 then 'under 18'
            when ages.age < 25 then '18-24'
            when ages.age < 35 then '25-34'
            when ages.age < 45 then '35-44'
            when ages.age < 55 then '45-54'
            when ages.age < 65 then '55-64'
            when ages.age >= 65 then '65+'
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
        cast(ages.age as integer) as age,
        cast(ages.days_to_next_birthday as bigint) as days_to_next_birthday,
        customers.household_size,
        customers.latitude,
        customers.longitude,
        customers.birth_date,
        {{ local_date("least(customers.registered_at, customers.first_seen_at)") }}
            as customer_since,
        customers.registered_at
    from customers
    inner join ages on customers.customer_id = ages.customer_id
)

select * from int_customer_person_features
