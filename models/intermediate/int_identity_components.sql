-- One row per identifier that stands for a person, with the person it was joined to.
{{ config(materialized="table") }}

with sightings as (
    select * from {{ ref("int_identity_sightings") }}
),

accounts as (
    select
        account,
        max(case when through = 'customers' then email end) as email,
        min(first_seen_at) as first_seen_at
    from sightings
    where account is not null
    group by account
),

shared_emails as (
    select email
    from accounts
    where email is not null
    group by email
    having count(*) > {{ var("identity_max_accounts_per_email") }}
),

telling_sightings as (
    select
        sightings.account,
        sightings.phone,
        sightings.loyalty_card,
        sightings.first_seen_at,
        case when shared_emails.email is null then sightings.email end as email
    from sightings
    left join shared_emails
        on sightings.email = shared_emails.email
),

-- A guest is known by the strongest identifier that nothing stronger came with.
guests as (
    select
        'email' as identifier_type,
        email as identifier,
        min(first_seen_at) as first_seen_at
    from telling_sightings
    where account is null and email is not null
    group by email
    union all
    select
        'loyalty_card' as identifier_type,
        loyalty_card as identifier,
        min(first_seen_at) as first_seen_at
    from telling_sightings
    where loyalty_card is not null
    group by loyalty_card
    having count(account) = 0 and count(email) = 0
    union all
    select
        'phone' as identifier_type,
        phone as identifier,
        min(first_seen_at) as first_seen_at
    from telling_sightings
    where phone is not null
    group by phone
    having count(account) = 0 and count(email) = 0 and count(loyalty_card) = 0
),

members as (
    select
        'account' as identifier_type,
        accounts.account as identifier,
        accounts.account as own_id,
        case
            when accounts.email is null or shared_emails.email is not null
                then 'account:' || accounts.account
            else 'email:' || accounts.email
        end as component,
        accounts.first_seen_at
    from accounts
    left join shared_emails
        on accounts.email = shared_emails.email
    union all
    select
        identifier_type,
        identifier,
        'guest:'
        || substr({{ dbt.hash("identifier_type || ':' || identifier") }}, 1, 16)
            as own_id,
        identifier_type || ':' || identifier as component,
        first_seen_at
    from guests
),

-- The member that was seen first gives its id to the person, so that the id survives
-- when later members join.
joined_members as (
    select
        identifier_type,
        identifier,
        component,
        first_value(own_id) over (
            partition by component
            order by first_seen_at nulls last, identifier_type, own_id
        ) as customer_id
    from members
),

int_identity_components as (
    select
        identifier_type,
        identifier,
        customer_id
    from joined_members
    union distinct
    select
        'email' as identifier_type,
        substr(component, 7) as identifier,
        customer_id
    from joined_members
    where component like 'email:%'
)

select * from int_identity_components
