-- One row per link that is used, but whose two sides are not the same person.
with links as (
    select
        *,
        coalesce(first_seen_at, timestamp '9999-12-30 00:00:00') as seen_at
    from {{ ref("int_identity_links") }}
    where is_used
),

identity_map as (
    select * from {{ ref("int_identity_map") }}
),

identities_are_settled as (
    select
        links.identifier_type,
        links.linked_type,
        links.through,
        weaker.customer_id,
        stronger.customer_id as linked_customer_id
    from links
    left join identity_map as weaker
        on
            links.identifier_type = weaker.identifier_type
            and links.identifier = weaker.identifier
            and {{ is_held("weaker", "links.seen_at") }}
    left join identity_map as stronger
        on
            links.linked_type = stronger.identifier_type
            and links.linked_identifier = stronger.identifier
            and {{ is_held("stronger", "links.seen_at") }}
    where coalesce(weaker.customer_id <> stronger.customer_id, true)
)

select * from identities_are_settled
