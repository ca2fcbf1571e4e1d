-- One row per entry in the loyalty programme's ledger; rows may repeat.
{{ config(enabled="shop" in var("systems")) }}

with source as (
    select * from {{ source("shop", "loyalty_ledger") }}
),

renamed as (
    select
        trim(entry_no) as entry_id,
        trim(account_no) as account_id,
        trim(order_no) as order_id,
        trim(kind) as kind_code,
        trim(reward_name) as reward,
        cast(points as integer) as points,
        cast(booked_at as timestamp) as occurred_at,
        cast(exported_at as timestamp) as exported_at
    from source
)

select * from renamed
