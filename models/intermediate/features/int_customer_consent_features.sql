-- One row per customer: whether they have an account and may be written to.
{{ config(materialized="table") }}
{% set channels = ["email", "sms", "push", "post"] %}

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
withdrawals as (
    select
        customer_id,
        channel,
        changed_at as withdrawn_at
    from consents
    where state = 'withdrawn'
    union all
    select
        customer_id,
        channel,
        unsubscribed_at as withdrawn_at
    from messages
    where unsubscribed_at is not null
),

last_withdrawals as (
    select
        customer_id,
        channel,
        max(withdrawn_at) as withdrawn_at
    from withdrawals
    group by customer_id, channel
),

standing_grants as (
    select
        consents.customer_id,
        consents.channel,
        consents.source,
        consents.changed_at as granted_at,
        row_number() over (
            partition by consents.customer_id, consents.channel
            order by consents.changed_at, consents.consent_id
        ) as place
    from consents
    left join last_withdrawals
        on
            consents.customer_id = last_withdrawals.customer_id
            and consents.channel = last_withdrawals.channel
    where
        consents.customer_id is not null
        and consents.state = 'granted'
        and (
            last_withdrawals.withdrawn_at is null
            or consents.changed_at > last_withdrawals.withdrawn_at
        )
),

consents_per_customer as (
    select
        {% for channel in channels %}
            max(case when channel = '{{ channel }}' then source end)
                as {{ channel }}_consent_source,
            max(case when channel = '{{ channel }}' then granted_at end)
                as {{ channel }}_consent_since,
        {% endfor %}
        customer_id
    from standing_grants
    where place = 1
    group by customer_id
),

int_customer_consent_features as (
    select
        customers.customer_id,
        {% for channel in channels %}
            consents_per_customer.{{ channel }}_consent_source,
            consents_per_customer.{{ channel }}_consent_since,
        {% endfor %}
        customers.is_registered,
        customers.is_guest,
        customers.is_email_reachable,
        customers.is_sms_reachable,
        customers.is_push_reachable,
        customers.is_post_reachable
    from customers
    left join consents_per_customer
        on customers.customer_id = consents_per_customer.customer_id
)

select * from int_customer_consent_features
