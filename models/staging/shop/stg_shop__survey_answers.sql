-- One row per answer that a customer ticked in a survey; rows may repeat.
{{ config(enabled="shop" in var("systems")) }}

with source as (
    select * from {{ source("shop", "survey_answers") }}
),

renamed as (
    select
        trim(answer_no) as answer_id,
        trim(account_no) as account_id,
        trim(question_code) as question_code,
        trim(answer_text) as answer,
        cast(answered_at as timestamp) as answered_at,
        cast(exported_at as timestamp) as exported_at
    from source
)

select * from renamed
