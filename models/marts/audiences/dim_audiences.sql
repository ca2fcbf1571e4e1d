-- One row per audience: what it is made of, where it goes, and how many are in it.
with

definitions as (
    select * from {{ ref("int_audience_definitions") }}
),

checks as (
    select * from {{ ref("int_audience_checks") }}
),

int_clock as (
    select * from {{ ref("int_clock") }}
),

counts as (
    select
        audience,
        count(case when reason is null then 1 end) as members,
        count(reason) as excluded,
        count(case when reason = 'below_minimum' then 1 end) as below_minimum
    from checks
    group by audience
),

dim_audiences as (
    select
        definitions.audience,
        definitions.label,
        definitions.description,
        definitions.owner,
        definitions.declared_in,
        case
            when definitions.state = 'stale' then 'stale'
            when coalesce(counts.members, 0) < definitions.min_members
                then 'below_minimum'
            else 'fresh'
        end as state,
        definitions.reason,
        definitions.channel,
        definitions.segments,
        definitions.priority,
        definitions.tool,
        definitions.target,
        definitions.fields,
        definitions.max_removed,
        definitions.max_added,
        definitions.min_members,
        coalesce(counts.members, 0) as members,
        coalesce(counts.excluded, 0) as excluded,
        int_clock.as_of
    from definitions
    cross join int_clock
    left join counts
        on definitions.audience = counts.audience
)

select * from dim_audiences
