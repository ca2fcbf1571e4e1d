-- One row per person and channel with a consent or a message: may it be used?
with consents as (
    select * from {{ ref("fct_consents") }}
),

messages as (
    select * from {{ ref("fct_messages") }}
),

-- Of two changes at the same instant the withdrawal counts.
ranked_consents as (
    select
        customer_id,
        channel,
        state,
        changed_at,
        row_number() over (
            partition by customer_id, channel
            order by changed_at desc, state desc, consent_id asc
        ) as place
    from consents
    where customer_id is not null
),

newest_consents as (
    select * from ranked_consents
    where place = 1
),

responses as (
    select
        customer_id,
        channel,
        max(unsubscribed_at) as last_unsubscribed_at,
        max(bounced_at) as last_bounced_at,
        max(case when not is_bounced then delivered_at end) as last_delivered_at
    from messages
    where customer_id is not null
    group by customer_id, channel
),

channels as (
    select
        coalesce(newest_consents.customer_id, responses.customer_id) as customer_id,
        coalesce(newest_consents.channel, responses.channel) as channel,
        newest_consents.state as consent_state,
        newest_consents.changed_at as consent_changed_at,
        responses.last_unsubscribed_at,
        responses.last_bounced_at,
        responses.last_delivered_at
    from newest_consents
    full outer join responses
        on
            newest_consents.customer_id = responses.customer_id
            and newest_consents.channel = responses.channel
),

dim_customer_channels as (
    select
        customer_id,
        channel,
        consent_state,
        coalesce(
            consent_state = 'granted'
            and coalesce(last_unsubscribed_at < consent_changed_at, true),
            false
        ) as is_permitted,
        coalesce(
            last_bounced_at >= consent_changed_at
            and coalesce(last_bounced_at >= last_delivered_at, true),
            false
        ) as is_bouncing,
        consent_changed_at,
        last_unsubscribed_at,
        last_bounced_at,
        last_delivered_at
    from channels
)

select * from dim_customer_channels
