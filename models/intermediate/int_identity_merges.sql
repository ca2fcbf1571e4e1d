-- One row per customer_id that nobody has any longer, with the one that survived it.
{{ config(materialized="table") }}

with identity_map as (
    select * from {{ ref("int_identity_map") }}
),

own_ids as (
    select
        {{ identity_own_id("identifier_type", "identifier") }} as merged_customer_id,
        customer_id,
        identifier_type,
        identifier,
        first_seen_at
    from identity_map
    where {{ identity_gives_id("identifier_type", "stands_alone", "holding") }}
),

int_identity_merges as (
    select * from own_ids
    where merged_customer_id <> customer_id
)

select * from int_identity_merges
