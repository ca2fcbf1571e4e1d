-- One row per identifier, stronger identifier beside it and table they were seen in.

with seen as (
    select * from {{ ref("int_identity_seen") }}
),

holdings as (
    select * from {{ ref("int_identity_holdings") }}
),

-- What was seen at an unknown time was seen in the hands of the last.
dated_seen as (
    select
        *,
        coalesce(first_seen_at, timestamp '9999-12-30 00:00:00') as seen_at
    from seen
),

int_identity_links as (
    select
        dated_seen.identifier_type,
        dated_seen.identifier,
        coalesce(own_holdings.holding, 1) as holding,
        dated_seen.linked_type,
        dated_seen.linked_identifier,
        case
            when dated_seen.linked_type is not null
                then coalesce(linked_holdings.holding, 1)
        end as linked_holding,
        dated_seen.through,
        case when dated_seen.is_shared then 'shared_by_too_many' end as reason,
        dated_seen.count_sightings,
        dated_seen.linked_type is not null and not dated_seen.is_shared as is_used,
        own_holdings.held_from,
        own_holdings.held_until,
        dated_seen.first_seen_at,
        dated_seen.last_seen_at
    from dated_seen
    left join holdings as own_holdings
        on
            dated_seen.identifier_type = own_holdings.identifier_type
            and dated_seen.identifier = own_holdings.identifier
            and {{ is_held("own_holdings", "dated_seen.seen_at") }}
    left join holdings as linked_holdings
        on
            dated_seen.linked_type = linked_holdings.identifier_type
            and dated_seen.linked_identifier = linked_holdings.identifier
            and {{ is_held("linked_holdings", "dated_seen.seen_at") }}
)

select * from int_identity_links
