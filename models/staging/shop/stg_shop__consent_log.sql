-- One row per opt-in or opt-out of one person and channel; rows may repeat.
{{ config(enabled="shop" in var("systems")) }}

with source as (
    select * from {{ source("shop", "consent_log") }}
),

renamed as (
    select
        trim(entry_no) as consent_id,
        trim(account_no) as account_id,
        trim(email) as email,
        trim(medium) as medium_code,
        trim(change) as change_code,
        trim(origin) as origin,
        cast(logged_at as timestamp) as changed_at,
        cast(exported_at as timestamp) as exported_at
    from source
)

select * from renamed
