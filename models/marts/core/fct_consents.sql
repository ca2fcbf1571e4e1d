-- One row per grant or withdrawal of the consent to be contacted on one channel.
with checked_consents as (
    select * from {{ ref("int_consents_checked") }}
),

identity_map as {{ not_materialized() }} (
    select * from {{ ref("int_identity_map") }}
),

consents as (
    select * from checked_consents
    where verdict = 'accepted'
),

fct_consents as (
    select
        consents.system || ':' || consents.consent_id as consent_id,
        {{ identity_customer(["account", "email"]) }} as customer_id,
        consents.system,
        consents.channel,
        consents.state,
        consents.source,
        consents.changed_at
    from consents
    {{ identity_joins("consents", ["account", "email"]) }}
)

select * from fct_consents
