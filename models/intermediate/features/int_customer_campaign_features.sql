-- One row per customer: what they were sent, how they respond and whom they bring.
{{ config(materialized="table") }}

with customers as (
    select * from {{ ref("dim_customers") }}
),

messages as (
    select * from {{ ref("fct_messages") }}
),

referrals as (
    select * from {{ ref("fct_referrals") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

received_messages as (
    select
        messages.customer_id,
        messages.channel,
        messages.is_opened,
        messages.is_clicked,
        messages.sent_at >= windows.start_90d_at as is_in_90d,
        messages.sent_at >= windows.start_7d_at as is_in_7d,
        greatest(messages.opened_at, messages.clicked_at) as responded_at
    from messages
    cross join windows
    where messages.customer_id is not null and not messages.is_bounced
),

messages_per_channel as (
    select
        customer_id,
        channel,
        count(*) filter (where is_in_90d) as count_received_90d,
        count(*) filter (where is_in_7d) as count_received_7d,
        count(*) filter (where is_in_90d and is_opened) as count_opened_90d,
        count(*) filter (where is_in_90d and is_clicked) as count_clicked_90d,
        count(responded_at) as count_responses,
        max(responded_at) as last_response_at
    from received_messages
    group by customer_id, channel
),

messages_per_customer as (
    select
        customer_id,
        sum(count_received_90d) as count_received_90d,
        sum(count_received_7d) as count_received_7d,
        sum(count_opened_90d) as count_opened_90d,
        sum(count_clicked_90d) as count_clicked_90d,
        max(last_response_at) as last_response_at
    from messages_per_channel
    group by customer_id
),

channels_by_response as (
    select
        customer_id,
        channel,
        row_number() over (
            partition by customer_id
            order by count_responses desc, last_response_at desc, channel asc
        ) as preference
    from messages_per_channel
    where count_responses > 0
),

preferred_channels as (
    select
        customer_id,
        channel
    from channels_by_response
    where preference = 1
),

referrals_per_customer as (
    select
        customer_id,
        count(*) as count_referrals,
        count(*) filter (where is_successful) as count_successful_referrals
    from referrals
    group by customer_id
),

int_customer_campaign_features as (
    select
        customers.customer_id,
        coalesce(customers.preferred_channel, preferred_channels.channel)
            as preferred_channel,
        cast(coalesce(messages_per_customer.count_received_90d, 0) as bigint)
            as count_messages_received_90d,
        cast(coalesce(messages_per_customer.count_received_7d, 0) as bigint)
            as count_messages_received_7d,
        cast(coalesce(messages_per_customer.count_opened_90d, 0) as bigint)
            as count_messages_opened_90d,
        cast(coalesce(messages_per_customer.count_clicked_90d, 0) as bigint)
            as count_messages_clicked_90d,
        cast(coalesce(referrals_per_customer.count_referrals, 0) as bigint)
            as count_referrals,
        cast(coalesce(referrals_per_customer.count_successful_referrals, 0) as bigint)
            as count_successful_referrals,
        {{ ratio(
            "messages_per_customer.count_opened_90d",
            "messages_per_customer.count_received_90d"
        ) }} as share_messages_opened_90d,
        messages_per_customer.last_response_at
    from customers
    left join messages_per_customer
        on customers.customer_id = messages_per_customer.customer_id
    left join preferred_channels
        on customers.customer_id = preferred_channels.customer_id
    left join referrals_per_customer
        on customers.customer_id = referrals_per_customer.customer_id
)

select * from int_customer_campaign_features
