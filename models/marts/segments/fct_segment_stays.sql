-- One row per segment, customer and uninterrupted stay in it.
{{
    config(
        materialized="incremental",
        incremental_strategy="delete+insert",
        unique_key=["segment", "customer_id", "entered_at"],
        on_schema_change="fail",
        full_refresh=false,
        pre_hook=[
            "{{ rename_holdouts() }}",
            "{{ rename_segments() }}",
            "{{ merge_stays() }}",
            "{{ find_segment_moves() }}",
        ],
        post_hook=[
            "drop table if exists temp.segment_moves",
            "delete from {{ this }} where left_at <= entered_at",
            "{{ keep_segment_holdouts() }}",
            "{{ keep_segment_words() }}",
            "{{ keep_row_counts() }}",
            "{{ keep_segment_definitions() }}",
            "{{ keep_segment_lists() }}",
            "{{ keep_segment_run() }}",
            "{{ drop_old_stays() }}",
        ],
    )
}}
{% do refuse_part_of_a_run() %}
{# Named here, because dbt does not look for dependencies in hooks. #}
{% set read_by_hooks = [
    ref("int_identity_merges"), ref("int_segment_words__customer"),
    ref("int_customer_row_counts"), ref("int_list_members"), ref("int_segment_unread_files")
] %}
{% set flags_before = segment_flags_before() if is_incremental() else {} %}
{% set assigned = [] %}
{% for flag in segment_flags(ref("int_segment_definitions")) %}
    {% if flag.is_assigned or flags_before.get(flag.segment, flag).is_assigned %}
        {% do assigned.append(flag.segment) %}
    {% endif %}
{% endfor %}

with clock as (
    select * from {{ ref("int_clock") }}
),

definitions as (
    select * from {{ ref("int_segment_definitions") }}
    where state = 'fresh' and entity = 'customer'
),

members as (
    select * from {{ ref("int_segment_members__customer") }}
),

{% if not is_incremental() %}

    fct_segment_stays as (
        select
            members.segment,
            members.customer_id,
            members.through,
            members.variant,
            'definition' as entered_because,
            cast(null as varchar) as left_because,
            definitions.definition_hash as entered_definition_hash,
            cast(null as varchar) as left_definition_hash,
            clock.as_of as entered_at,
            cast(null as timestamp) as left_at
        from members
        inner join definitions on members.segment = definitions.segment
        cross join clock
    )

{% else %}

    -- The open stays, and those that an earlier run with the same as_of closed.
    standing as {{ not_materialized() }} (
        {{ standing_stays() }}
    ),

    -- Made by a hook: who has come into a segment or left it since the run before.
    moves as (
        select * from segment_moves
    ),

    -- Which list, rule or variant; the same for all members of most segments.
    assigned as (
        {% if assigned %}
        select segment, customer_id, through, variant from members
        where segment in ('{{ assigned | join("', '") }}')
        {% else %}
        select segment, customer_id, through, variant from standing where false
        {% endif %}
    ),

    -- Each move with the stay that it is about: the open one, or the one that an earlier
    -- run with the same as_of closed.
    moved as (
        select
            moves.*,
            standing.through,
            standing.variant,
            standing.entered_because,
            standing.entered_definition_hash,
            standing.entered_at,
            standing.entered_at is not null and standing.left_at is null as is_open
        from moves
        left join standing
            on
                moves.segment = standing.segment
                and moves.customer_id = standing.customer_id
    ),

    entries as (
        select
            moved.segment,
            moved.customer_id,
            coalesce(assigned.through, definitions.through) as through,
            assigned.variant,
            coalesce(moved.entered_because, moved.because) as entered_because,
            cast(null as varchar) as left_because,
            coalesce(
                moved.entered_definition_hash, moved.definition_hash
            ) as entered_definition_hash,
            cast(null as varchar) as left_definition_hash,
            coalesce(moved.entered_at, clock.as_of) as entered_at,
            cast(null as timestamp) as left_at
        from moved
        inner join definitions on moved.segment = definitions.segment
        cross join clock
        left join assigned
            on
                moved.segment = assigned.segment
                and moved.customer_id = assigned.customer_id
        where moved.is_member
    ),

    exits as (
        select
            moved.segment,
            moved.customer_id,
            moved.through,
            moved.variant,
            moved.entered_because,
            moved.because as left_because,
            moved.entered_definition_hash,
            coalesce(
                moved.definition_hash, moved.entered_definition_hash
            ) as left_definition_hash,
            moved.entered_at,
            clock.as_of as left_at
        from moved
        cross join clock
        where moved.is_open and not moved.is_member
    ),

    reassigned as (
        select
            standing.segment,
            standing.customer_id,
            assigned.through,
            assigned.variant,
            standing.entered_because,
            standing.left_because,
            standing.entered_definition_hash,
            standing.left_definition_hash,
            standing.entered_at,
            standing.left_at
        from standing
        inner join assigned
            on
                standing.segment = assigned.segment
                and standing.customer_id = assigned.customer_id
        where
            standing.left_at is null
            and (
                standing.through is distinct from assigned.through
                or standing.variant is distinct from assigned.variant
            )
    ),

    fct_segment_stays as (
        select * from entries
        union all
        select * from exits
        union all
        select * from reassigned
    )

{% endif %}

select * from fct_segment_stays
{% if flags.EMPTY %}where false{% endif %}
