-- One row per segment, with its definition in words and its size now.
{% set kept = segment_state("definitions") %}

with

int_segment_definitions as (
    select * from {{ ref("int_segment_definitions") }}
),

fct_segment_members as (
    select * from {{ ref("fct_segment_members") }}
),

dim_customers as (
    select * from {{ ref("dim_customers") }}
),

int_clock as (
    select * from {{ ref("int_clock") }}
),

-- Of a segment that is set aside, the definition that its members were found by.
stale_definitions as (
    select * from {{ kept or ref("int_segment_definitions") }}
    where state = 'stale' and definition_hash is not null
),

definitions as (
    select * from int_segment_definitions
    where state = 'fresh'
    union all by name
    select * from stale_definitions
    union all by name
    select * replace ('failed' as state) from int_segment_definitions
    where
        state = 'stale'
        and segment not in (select stale_definitions.segment from stale_definitions)
),

customer_totals as (
    select count(*) as customers from dim_customers
),

members_per_segment as (
    select
        segment,
        count(*) as members
    from fct_segment_members
    group by segment
),

dim_segments as (
    select
        definitions.segment,
        definitions.label,
        definitions.description,
        definitions.kind,
        definitions.entity,
        definitions.owner,
        definitions.definition,
        definitions.definition_hash,
        definitions.declared_in,
        definitions.state,
        definitions.reason,
        definitions.tags,
        definitions.uses,
        coalesce(members_per_segment.members, 0) as members,
        definitions.expected_min_members,
        definitions.expected_max_members,
        definitions.expected_max_change,
        coalesce(
            cast(members_per_segment.members as double)
            / nullif(customer_totals.customers, 0),
            0
        ) as share_of_customers,
        int_clock.as_of
    from definitions
    left join members_per_segment
        on definitions.segment = members_per_segment.segment
    cross join customer_totals
    cross join int_clock
    where right(definitions.segment, 9) <> '__reached'
)

select * from dim_segments
