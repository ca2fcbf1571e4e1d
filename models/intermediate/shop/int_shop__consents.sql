-- One row per opt-in or opt-out of one person and channel; rows may repeat.
{{ config(enabled="shop" in var("systems")) }}

with consent_log as (
    select * from {{ ref("stg_shop__consent_log") }}
),

int_shop__consents as (
    select
        'shop' as system,
        consent_id,
        account_id,
        lower(email) as email,
        {{ decoded("medium_code", {
            "mail": "email",
            "text": "sms",
            "push": "push",
            "letter": "post",
        }) }} as channel,
        {{ decoded("change_code", {
            "opt_in": "granted",
            "opt_out": "withdrawn",
        }) }} as state,
        origin as source,
        changed_at
    from consent_log
)

select * from int_shop__consents
