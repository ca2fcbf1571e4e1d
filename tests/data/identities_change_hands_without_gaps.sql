-- One row per holding that does not begin when the one before it ends.
with identity_map as (
    select * from {{ ref("int_identity_map") }}
),

holdings_in_order as (
    select
        identifier_type,
        customer_id,
        holding,
        held_from,
        lag(held_until) over (
            partition by identifier_type, identifier
            order by holding
        ) as before_held_until,
        lag(holding) over (
            partition by identifier_type, identifier
            order by holding
        ) as before_holding
    from identity_map
    where held_from is not null or held_until is not null
),

identities_change_hands_without_gaps as (
    select * from holdings_in_order
    where
        coalesce(before_holding, 0) + 1 <> holding
        or coalesce(held_from <> before_held_until, false)
        or (before_holding is not null and before_held_until is null)
)

select * from identities_change_hands_without_gaps
