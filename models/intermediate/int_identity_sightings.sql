-- One row per set of identifiers seen together in one canonical table.
{{ config(materialized="table") }}

with customers as (
    select * from {{ ref("int_customers_checked") }}
),

orders as (
    select * from {{ ref("int_orders_checked") }}
),

events as (
    select * from {{ ref("int_events_checked") }}
),

points as (
    select * from {{ ref("int_points_checked") }}
),

messages as (
    select * from {{ ref("int_messages_checked") }}
),

consents as (
    select * from {{ ref("int_consents_checked") }}
),

answers as (
    select * from {{ ref("int_answers_checked") }}
),

referrals as {{ not_materialized() }} (
    select
        system,
        referrer_account_id as account_id,
        verdict,
        referred_at
    from {{ ref("int_referrals_checked") }}
    union all
    select
        system,
        referred_account_id as account_id,
        verdict,
        referred_at
    from {{ ref("int_referrals_checked") }}
),

int_identity_sightings as (
    {{ identifiers_seen(
        "customers", ["account", "email", "phone", "loyalty_card"], "registered_at"
    ) }}
    union all
    {{ identifiers_seen(
        "orders",
        ["account", "email", "phone", "loyalty_card", "anonymous"],
        "ordered_at",
    ) }}
    union all
    {{ identifiers_seen("events", ["account", "anonymous"], "occurred_at") }}
    union all
    {{ identifiers_seen("points", ["account"], "occurred_at") }}
    union all
    {{ identifiers_seen("messages", ["account", "email"], "sent_at") }}
    union all
    {{ identifiers_seen("consents", ["account", "email"], "changed_at") }}
    union all
    {{ identifiers_seen("answers", ["account"], "answered_at") }}
    union all
    {{ identifiers_seen("referrals", ["account"], "referred_at") }}
)

select * from int_identity_sightings
