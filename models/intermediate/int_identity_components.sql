-- One row per tree of identifiers that hangs together with another, with its component.
{{ config(materialized="connected_components", max_rounds=var("identity_max_rounds")) }}

with links as (
    select * from {{ ref("int_identity_links") }}
),

nodes as (
    select * from {{ ref("int_identity_nodes") }}
),

bridges as (
    select
        links.*,
        nodes.tree
    from nodes
    inner join links
        on
            nodes.identifier_type = links.identifier_type
            and nodes.identifier = links.identifier
            and nodes.holding = links.holding
    where nodes.is_bridge and links.is_used
),

-- What the query gives are the edges; the materialization settles them.
int_identity_components as (
    select distinct
        bridges.tree as left_node,
        nodes.tree as right_node
    from bridges
    inner join nodes
        on
            bridges.linked_type = nodes.identifier_type
            and bridges.linked_identifier = nodes.identifier
            and bridges.linked_holding = nodes.holding
    where bridges.tree <> nodes.tree
)

select * from int_identity_components
