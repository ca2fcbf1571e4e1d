-- One row per time for which one person held an identifier that has changed hands.
{{ config(materialized="table") }}
{% set moving_kinds = "', '".join(identity_moving_kinds()) %}

with seen as (
    select * from {{ ref("int_identity_seen") }}
),

pairs as (
    select
        identifier_type,
        identifier,
        linked_type,
        linked_identifier,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from seen
    where
        identifier_type in ('{{ moving_kinds }}')
        and linked_type is not null
        and not is_shared
    group by identifier_type, identifier, linked_type, linked_identifier
),

identifiers_of_several as (
    select
        identifier_type,
        identifier,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from pairs
    group by identifier_type, identifier
    having count(*) > 1
),

-- What was seen with it at an unknown time may have been there all the time.
timed_pairs as (
    select
        pairs.identifier_type,
        pairs.identifier,
        pairs.linked_type,
        pairs.linked_identifier,
        coalesce(pairs.first_seen_at, identifiers_of_several.first_seen_at)
            as first_seen_at,
        coalesce(pairs.last_seen_at, identifiers_of_several.last_seen_at)
            as last_seen_at
    from pairs
    inner join identifiers_of_several
        on
            pairs.identifier_type = identifiers_of_several.identifier_type
            and pairs.identifier = identifiers_of_several.identifier
),

pairs_after_others as (
    select
        *,
        max(last_seen_at) over (
            partition by identifier_type, identifier
            order by first_seen_at, linked_type, linked_identifier
            rows between unbounded preceding and 1 preceding
        ) as others_last_seen_at
    from timed_pairs
),

-- An identifier that nobody was seen with for long, and then somebody else, has moved.
numbered_pairs as (
    select
        identifier_type,
        identifier,
        first_seen_at,
        1 + sum(
            case
                when
                    first_seen_at >= {{ dbt.dateadd(
                        "day", var("identity_days_until_moved"), "others_last_seen_at"
                    ) }}
                    then 1
                else 0
            end
        ) over (
            partition by identifier_type, identifier
            order by first_seen_at, linked_type, linked_identifier
            rows between unbounded preceding and current row
        ) as holding
    from pairs_after_others
),

holdings as (
    select
        identifier_type,
        identifier,
        cast(holding as integer) as holding,
        min(first_seen_at) as first_seen_at
    from numbered_pairs
    group by identifier_type, identifier, holding
),

bounded_holdings as (
    select
        identifier_type,
        identifier,
        holding,
        case when holding > 1 then first_seen_at end as held_from,
        lead(first_seen_at) over (
            partition by identifier_type, identifier
            order by holding
        ) as held_until
    from holdings
),

int_identity_holdings as (
    select * from bounded_holdings
    where held_from is not null or held_until is not null
)

select * from int_identity_holdings
