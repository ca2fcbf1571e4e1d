-- One row: the end of the period that the shop's newest export covers.
{{ config(enabled="shop" in var("systems")) }}

with exports as (
    select * from {{ ref("stg_shop__exports") }}
),

int_shop__extracts as (
    select
        'shop' as system,
        max(covers_until) as covers_until
    from exports
)

select * from int_shop__extracts
