-- One row per export of the shop, with the end of the period it covers.
{{ config(enabled="shop" in var("systems")) }}

with source as (
    select * from {{ source("shop", "exports") }}
),

renamed as (
    select
        cast(covers_until as timestamp) as covers_until,
        cast(exported_at as timestamp) as exported_at
    from source
)

select * from renamed
