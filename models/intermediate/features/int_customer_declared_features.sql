-- One row per customer: what they said about themselves in surveys.
{{ config(materialized="table") }}

with customers as (
    select * from {{ ref("dim_customers") }}
),

answers as (
    select * from {{ ref("fct_answers") }}
),

survey_attributes as (
    select * from {{ ref("survey_attributes") }}
),

declared as (
    select
        answers.answer_id,
        answers.customer_id,
        survey_attributes.attribute,
        answers.answer,
        {{ local_date("answers.answered_at") }} as answered_date,
        answers.answered_at
    from answers
    inner join survey_attributes
        on answers.question = survey_attributes.question
    where answers.customer_id is not null
),

ranked as (
    select
        customer_id,
        attribute,
        answer,
        row_number() over (
            partition by customer_id, attribute
            order by answered_at desc, answer_id desc
        ) as recency,
        rank() over (
            partition by customer_id, attribute
            order by answered_date desc
        ) as recency_of_day
    from declared
),

newest_answers as (
    select
        customer_id,
        max(case when attribute = 'clothing_size' then answer end) as clothing_size,
        max(case when attribute = 'style' then answer end) as style,
        max(case when attribute = 'pets' then answer end) as pets
    from ranked
    where recency = 1
    group by customer_id
),

answers_of_the_newest_day as (
    select distinct
        customer_id,
        case when attribute = 'interests' then answer end as interest,
        case when attribute = 'declared_values' then answer end as declared_value
    from ranked
    where recency_of_day = 1 and attribute in ('interests', 'declared_values')
),

newest_lists as (
    select
        customer_id,
        {{ sorted_list("interest") }} as interests,
        {{ sorted_list("declared_value") }} as declared_values
    from answers_of_the_newest_day
    group by customer_id
),

int_customer_declared_features as (
    select
        customers.customer_id,
        newest_answers.clothing_size,
        newest_answers.style,
        newest_answers.pets,
        {{ list_or_empty("newest_lists.interests") }} as interests,
        {{ list_or_empty("newest_lists.declared_values") }} as declared_values
    from customers
    left join newest_answers on customers.customer_id = newest_answers.customer_id
    left join newest_lists on customers.customer_id = newest_lists.customer_id
)

select * from int_customer_declared_features
