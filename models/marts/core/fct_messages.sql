-- One row per message sent to one person, with what has become of it by as_of.
with clock as (
    select * from {{ ref("int_clock") }}
),

checked_messages as (
    select * from {{ ref("int_messages_checked") }}
),

identity_map as {{ not_materialized() }} (
    select * from {{ ref("int_identity_map") }}
),

messages as (
    select
        checked_messages.system,
        checked_messages.message_id,
        checked_messages.account_id,
        checked_messages.email,
        checked_messages.channel,
        checked_messages.campaign_id,
        checked_messages.campaign_name,
        checked_messages.sent_at,
        {{ happened("delivered_at") }} as delivered_at,
        {{ happened("opened_at") }} as opened_at,
        {{ happened("clicked_at") }} as clicked_at,
        {{ happened("unsubscribed_at") }} as unsubscribed_at,
        {{ happened("bounced_at") }} as bounced_at
    from checked_messages
    cross join clock
    where verdict = 'accepted'
),

fct_messages as (
    select
        messages.system || ':' || messages.message_id as message_id,
        {{ identity_customer(["account", "email"]) }} as customer_id,
        messages.system,
        messages.channel,
        messages.campaign_id,
        messages.campaign_name,
        messages.opened_at is not null as is_opened,
        messages.clicked_at is not null as is_clicked,
        messages.bounced_at is not null as is_bounced,
        messages.sent_at,
        messages.delivered_at,
        messages.opened_at,
        messages.clicked_at,
        messages.unsubscribed_at,
        messages.bounced_at
    from messages
    {{ identity_joins("messages", ["account", "email"]) }}
)

select * from fct_messages
