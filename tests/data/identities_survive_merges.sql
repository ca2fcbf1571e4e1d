-- One row per customer_id that is merged away and still somebody's, or into nobody.
with merged_ids as (
    select * from {{ ref("int_identity_merges") }}
),

identity_map as (
    select * from {{ ref("int_identity_map") }}
),

people as (
    select distinct customer_id from identity_map
),

identities_survive_merges as (
    select
        merged_ids.merged_customer_id,
        merged_ids.customer_id
    from merged_ids
    left join people as still_there
        on merged_ids.merged_customer_id = still_there.customer_id
    left join people as survivors
        on merged_ids.customer_id = survivors.customer_id
    where still_there.customer_id is not null or survivors.customer_id is null
)

select * from identities_survive_merges
