-- One row per identifier in the hands of one person, with that person's customer_id.
{{ config(materialized="table") }}

with nodes as (
    select * from {{ ref("int_identity_nodes") }}
),

components as (
    select * from {{ ref("int_identity_components") }}
),

nodes_of_people as (
    select
        nodes.*,
        coalesce(components.component, nodes.tree) as person
    from nodes
    left join components
        on nodes.tree = components.node
),

-- The member that was seen first gives its id, so the id stays when others join.
ranked_members as (
    select
        person,
        {{ identity_own_id("identifier_type", "identifier") }} as customer_id,
        row_number() over (
            partition by person
            order by first_seen_at asc nulls last, identifier_type asc, identifier asc
        ) as place
    from nodes_of_people
    where {{ identity_gives_id("identifier_type", "stands_alone", "holding") }}
),

people as (
    select * from ranked_members
    where place = 1
),

identifiers_of_people as (
    select
        nodes_of_people.*,
        people.customer_id,
        held_from is not null or held_until is not null as has_moved
    from nodes_of_people
    inner join people
        on nodes_of_people.person = people.person
),

-- Whoever turned out to be the same person afterwards did not pass it on.
changes_of_hands as (
    select
        *,
        case
            when
                customer_id = lag(customer_id) over (
                    partition by identifier_type, identifier
                    order by holding
                )
                then 0
            else 1
        end as is_change
    from identifiers_of_people
    where has_moved
),

numbered_holdings as (
    select
        *,
        cast(
            sum(is_change) over (
                partition by identifier_type, identifier
                order by holding
                rows between unbounded preceding and current row
            ) as integer
        ) as new_holding
    from changes_of_hands
),

int_identity_map as (
    select
        identifier_type,
        identifier,
        holding,
        customer_id,
        through,
        stands_alone,
        held_from,
        held_until,
        first_seen_at,
        last_seen_at
    from identifiers_of_people
    where not has_moved
    union all
    select
        identifier_type,
        identifier,
        new_holding as holding,
        customer_id,
        min_by(through, holding) as through,
        max(case when stands_alone then 1 else 0 end) = 1 as stands_alone,
        case when count(held_from) = count(*) then min(held_from) end as held_from,
        case when count(held_until) = count(*) then max(held_until) end as held_until,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from numbered_holdings
    group by identifier_type, identifier, new_holding, customer_id
)

select * from int_identity_map
