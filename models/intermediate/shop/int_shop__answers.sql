-- One row per answer that a customer ticked in a survey; rows may repeat.
{{ config(enabled="shop" in var("systems")) }}

with survey_answers as (
    select * from {{ ref("stg_shop__survey_answers") }}
),

int_shop__answers as (
    select
        'shop' as system,
        answer_id,
        account_id,
        {{ decoded("question_code", {
            "Q_INTEREST": "interest",
            "Q_VALUES": "values",
            "Q_CLOTHING_SIZE": "clothing_size",
            "Q_STYLE": "style",
            "Q_PETS": "pets",
            "Q_NEWSLETTER_TOPICS": "newsletter_topics",
        }, otherwise="lower(question_code)") }} as question,
        answer,
        answered_at
    from survey_answers
)

select * from int_shop__answers
