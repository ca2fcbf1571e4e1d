-- One row per segment, with its definition in words and its size now.
with

int_segment_definitions as (
    select * from {{ ref("int_segment_definitions") }}
),

int_segment_members__customer as (
    select * from {{ ref("int_segment_members__customer") }}
),

dim_customers as (
    select * from {{ ref("dim_customers") }}
),

int_clock as (
    select * from {{ ref("int_clock") }}
),

customer_totals as (
    select count(*) as customers from dim_customers
),

members_per_segment as (
    select
        segment,
        count(*) as members
    from int_segment_members__customer
    group by segment
),

dim_segments as (
    select
        int_segment_definitions.segment,
        int_segment_definitions.label,
        int_segment_definitions.description,
        int_segment_definitions.kind,
        int_segment_definitions.entity,
        int_segment_definitions.owner,
        int_segment_definitions.definition,
        int_segment_definitions.definition_hash,
        int_segment_definitions.declared_in,
        int_segment_definitions.tags,
        int_segment_definitions.uses,
        coalesce(members_per_segment.members, 0) as members,
        int_segment_definitions.expected_min_members,
        int_segment_definitions.expected_max_members,
        int_segment_definitions.expected_max_change,
        coalesce(
            cast(members_per_segment.members as double)
            / nullif(customer_totals.customers, 0),
            0
        ) as share_of_customers,
        int_clock.as_of
    from int_segment_definitions
    left join members_per_segment
        on int_segment_definitions.segment = members_per_segment.segment
    cross join customer_totals
    cross join int_clock
)

select * from dim_segments
