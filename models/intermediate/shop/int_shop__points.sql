-- One row per entry in the loyalty programme's ledger; rows may repeat.
{{ config(enabled="shop" in var("systems")) }}

with ledger as (
    select * from {{ ref("stg_shop__loyalty_ledger") }}
),

int_shop__points as (
    select
        'shop' as system,
        entry_id,
        account_id,
        {{ decoded("kind_code", {
            "E": "earned",
            "R": "redeemed",
            "X": "expired",
            "A": "adjusted",
        }) }} as entry_type,
        reward,
        order_id,
        points,
        occurred_at
    from ledger
)

select * from int_shop__points
