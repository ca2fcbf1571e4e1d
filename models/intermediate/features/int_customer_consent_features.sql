-- One row per customer: whether they have an account and may be written to.
{{ config(materialized="table") }}

with customers as (
    select * from {{ ref("dim_customers") }}
),

consents as (
    select * from {{ ref("fct_consents") }}
),

messages as (
    select * from {{ ref("fct_messages") }}
),

-- Who unsubscribes in a message withdraws as well.
email_withdrawals as (
    select
        customer_id,
        changed_at as withdrawn_at
    from consents
    where channel = 'email' and state = 'withdrawn'
    union all
    select
        customer_id,
        unsubscribed_at as withdrawn_at
    from messages
    where channel = 'email' and unsubscribed_at is not null
),

last_email_withdrawals as (
    select
        customer_id,
        max(withdrawn_at) as withdrawn_at
    from email_withdrawals
    group by customer_id
),

standing_email_grants as (
    select
        consents.customer_id,
        min(consents.changed_at) as granted_at
    from consents
    left join last_email_withdrawals
        on consents.customer_id = last_email_withdrawals.customer_id
    where
        consents.channel = 'email'
        and consents.state = 'granted'
        and (
            last_email_withdrawals.withdrawn_at is null
            or consents.changed_at > last_email_withdrawals.withdrawn_at
        )
    group by consents.customer_id
),

int_customer_consent_features as (
    select
        customers.customer_id,
        customers.is_registered,
        customers.is_guest,
        customers.is_email_reachable,
        customers.is_sms_reachable,
        customers.is_push_reachable,
        customers.is_post_reachable,
        standing_email_grants.granted_at as email_consent_since
    from customers
    left join standing_email_grants
        on customers.customer_id = standing_email_grants.customer_id
)

select * from int_customer_consent_features
