-- One row per answer that a person gave to a survey question.
with checked_answers as (
    select * from {{ ref("int_answers_checked") }}
),

identity_map as (
    select * from {{ ref("int_identity_map") }}
),

answers as (
    select * from checked_answers
    where verdict = 'accepted'
),

fct_answers as (
    select
        answers.system || ':' || answers.answer_id as answer_id,
        {{ identity_customer(["account"]) }} as customer_id,
        answers.system,
        answers.question,
        answers.answer,
        answers.answered_at
    from answers
    {{ identity_joins("answers", ["account"]) }}
)

select * from fct_answers
