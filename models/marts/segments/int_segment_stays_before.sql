-- One row per segment, customer and stay, as the runs before as_of left them.
{{ config(materialized="view") }}
{% set stays = existing("fct_segment_stays") %}
{% set merges = ref("int_identity_merges") %}

with int_clock as (
    select * from {{ ref("int_clock") }}
),

int_segment_definitions as (
    select * from {{ ref("int_segment_definitions") }}
),

{% if stays %}
    renamed as (
        select
            coalesce(definitions.segment, stays.segment) as segment,
            coalesce(merges.customer_id, stays.customer_id) as customer_id,
            stays.entered_at,
            case when stays.left_at < int_clock.as_of then stays.left_at end as left_at
        from {{ stays }} as stays
        cross join int_clock
        left join int_segment_definitions as definitions
            on
                stays.segment = definitions.was
                and definitions.segment not in (
                    select own.segment from {{ stays }} as own
                )
        left join {{ merges }} as merges
            on stays.customer_id = merges.merged_customer_id
        where stays.entered_at < int_clock.as_of
    ),

    survivors as (
        select distinct customer_id from {{ merges }}
    ),

    ordered as (
        select
            renamed.*,
            coalesce(renamed.left_at, timestamp 'infinity') as ends_at,
            max(coalesce(renamed.left_at, timestamp 'infinity')) over (
                partition by renamed.segment, renamed.customer_id
                order by renamed.entered_at, renamed.left_at
                rows between unbounded preceding and 1 preceding
            ) as reached
        from renamed
        inner join survivors on renamed.customer_id = survivors.customer_id
    ),

    numbered as (
        select
            *,
            sum(case when entered_at <= reached then 0 else 1 end) over (
                partition by segment, customer_id
                order by entered_at, left_at, reached nulls first
                rows unbounded preceding
            ) as island
        from ordered
    ),

    -- People who turned out to be one stayed without a break where either was in.
    joined as (
        select
            segment,
            customer_id,
            min(entered_at) as entered_at,
            nullif(max(ends_at), timestamp 'infinity') as left_at
        from numbered
        group by segment, customer_id, island
    ),

    int_segment_stays_before as (
        select renamed.* from renamed
        left join survivors on renamed.customer_id = survivors.customer_id
        where survivors.customer_id is null
        union all
        select * from joined
    )
{% else %}
    int_segment_stays_before as (
        select
            int_segment_definitions.segment,
            cast(null as varchar) as customer_id,
            int_clock.as_of as entered_at,
            int_clock.as_of as left_at
        from int_segment_definitions
        cross join int_clock
        where false
    )
{% endif %}

select * from int_segment_stays_before
