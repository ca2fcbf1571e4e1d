-- One row per customer: what they said about themselves in surveys.
{{ config(materialized="table") }}
{% set texts = ["clothing_size", "style", "pets"] %}
{% set lists = ["interests", "declared_values", "newsletter_topics"] %}

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
        answered_at,
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
        {% for attribute in texts %}
            max(case when attribute = '{{ attribute }}' then answer end)
                as {{ attribute }},
        {% endfor %}
        max(answered_at) as last_declared_at
    from ranked
    where recency = 1
    group by customer_id
),

answers_of_the_newest_day as (
    select distinct
        customer_id,
        attribute,
        answer
    from ranked
    where
        recency_of_day = 1
        and attribute in (
            {% for attribute in lists %}
                '{{ attribute }}'{{ "," if not loop.last }}
            {% endfor %}
        )
),

newest_lists as (
    select
        {% for attribute in lists %}
            {{ sorted_list(
                "case when attribute = '" ~ attribute ~ "' then answer end"
            ) }} as {{ attribute }},
        {% endfor %}
        customer_id
    from answers_of_the_newest_day
    group by customer_id
),

int_customer_declared_features as (
    select
        customers.customer_id,
        {% for attribute in texts %}
            newest_answers.{{ attribute }},
        {% endfor %}
        {% for attribute in lists %}
            {{ list_or_empty("newest_lists." ~ attribute) }} as {{ attribute }},
        {% endfor %}
        newest_answers.last_declared_at
    from customers
    left join newest_answers on customers.customer_id = newest_answers.customer_id
    left join newest_lists on customers.customer_id = newest_lists.customer_id
)

select * from int_customer_declared_features
