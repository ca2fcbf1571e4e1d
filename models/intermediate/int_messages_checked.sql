-- One row per raw message to one person, with the verdict on it.
{{ config(materialized="table") }}

with clock as (
    select * from {{ ref("int_clock") }}
),

messages as {{ not_materialized() }} (
    {{ union_systems("messages") }}
),

judged_messages as {{ not_materialized() }} (
    select
        messages.*,
        case
            when nullif(message_id, '') is null then 'missing_key'
            when sent_at is null then 'missing_time'
            when
                nullif(account_id, '') is null and nullif(email, '') is null
                then 'missing_customer'
            when sent_at >= as_of then 'in_the_future'
            when
                channel is null or channel not in ('email', 'sms', 'push', 'post')
                then 'unknown_value'
        end as reason
    from messages
    cross join clock
),

repeated_messages as (
    {{ repeated_rows(
        "messages",
        "judged_messages",
        newest="greatest(
            sent_at, delivered_at, opened_at, clicked_at, unsubscribed_at, bounced_at
        )",
    ) }}
),

int_messages_checked as (
    {{ rows_with_verdict("messages", "judged_messages", "repeated_messages") }}
)

select * from int_messages_checked
