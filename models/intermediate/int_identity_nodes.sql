-- One row per identifier in the hands of one person, with the tree that it hangs in.
{{ config(materialized="table") }}

with links as (
    select * from {{ ref("int_identity_links") }}
),

linked_nodes as (
    select
        *,
        case
            when is_used
                then {{ identity_node(
                    "linked_type", "linked_identifier", "linked_holding"
                ) }}
        end as linked_node
    from links
    where identifier_type = 'account' or reason is null
),

-- Any of the stronger identifiers beside it may be the parent: the first, then.
nodes as (
    select
        {{ identity_node("identifier_type", "identifier", "holding") }} as node,
        min(linked_node) as parent_node,
        identifier_type,
        identifier,
        min_by(through, (first_seen_at, through)) as through,
        holding,
        max(case when linked_node is null then 1 else 0 end) = 1 as stands_alone,
        coalesce(min(linked_node) <> max(linked_node), false) as is_bridge,
        min(held_from) as held_from,
        min(held_until) as held_until,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from linked_nodes
    group by identifier_type, identifier, holding
),

children as (
    select
        node,
        parent_node
    from nodes
    where parent_node is not null
),

-- A parent is of a stronger kind, so with five kinds the root is four steps away at
-- most: two steps here, and twice two below.
grandchildren as (
    select
        children.node,
        coalesce(parents.parent_node, children.parent_node) as ancestor_node
    from children
    left join children as parents
        on children.parent_node = parents.node
),

roots as (
    select
        grandchildren.node,
        coalesce(ancestors.ancestor_node, grandchildren.ancestor_node) as root_node
    from grandchildren
    left join grandchildren as ancestors
        on grandchildren.ancestor_node = ancestors.node
),

int_identity_nodes as (
    select
        nodes.node,
        coalesce(roots.root_node, nodes.node) as tree,
        nodes.identifier_type,
        nodes.identifier,
        nodes.through,
        nodes.holding,
        nodes.stands_alone,
        nodes.is_bridge,
        nodes.held_from,
        nodes.held_until,
        nodes.first_seen_at,
        nodes.last_seen_at
    from nodes
    left join roots
        on nodes.node = roots.node
)

select * from int_identity_nodes
