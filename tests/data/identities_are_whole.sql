-- One row per account that an accepted row names but the identity map does not.
with sightings as (
    select * from {{ ref("int_identity_sightings") }}
),

identity_map as (
    select * from {{ ref("int_identity_map") }}
),

identities_are_whole as (
    select sightings.account
    from sightings
    left join identity_map
        on
            identity_map.identifier_type = 'account'
            and sightings.account = identity_map.identifier
    where sightings.account is not null and identity_map.customer_id is null
)

select * from identities_are_whole
