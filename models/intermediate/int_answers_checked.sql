-- One row per raw answer to a survey question, with the verdict on it.
{{ config(materialized="table") }}

with clock as (
    select * from {{ ref("int_clock") }}
),

answers as {{ not_materialized() }} (
    {{ union_systems("answers") }}
),

judged_answers as {{ not_materialized() }} (
    select
        answers.*,
        case
            when nullif(answer_id, '') is null then 'missing_key'
            when answered_at is null then 'missing_time'
            when nullif(account_id, '') is null then 'missing_customer'
            when answered_at >= as_of then 'in_the_future'
            when nullif(question, '') is null then 'unknown_value'
        end as reason
    from answers
    cross join clock
),

repeated_answers as (
    {{ repeated_rows("answers", "judged_answers", newest="answered_at") }}
),

int_answers_checked as (
    {{ rows_with_verdict("answers", "judged_answers", "repeated_answers") }}
)

select * from int_answers_checked
