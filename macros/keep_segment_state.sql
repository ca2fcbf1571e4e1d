{#
    Keeps what the next run compares with. Hooks of fct_segment_stays, which run in its
    transaction: the stays and what they were made from change together or not at all.

    Usage: post_hook=["{{ keep_segment_words() }}", ...]
#}
{% macro keep_segment_words() %}
    {{- keep_rows("words", "select * from " ~ ref("int_segment_words__customer")) -}}
{% endmacro %}

{% macro keep_row_counts() %}
    {%- set rows -%}
        select customer_id, count_rows, profile_hash from {{ ref("int_customer_row_counts") }}
    {%- endset -%}
    {{- keep_rows("row_counts", rows) -}}
{% endmacro %}

{% macro keep_segment_lists() %}
    {%- set rows -%}
        select list_name, customer_id from {{ ref("int_list_members") }}
    {%- endset -%}
    {{- keep_rows("lists", rows) -}}
{% endmacro %}

{#
    The definitions as they were evaluated. Of a segment that is set aside, or stands in
    a file that could not be read, the last good one stays.
#}
{% macro keep_segment_definitions() %}
    {%- set before = segment_state("definitions") -%}
    {%- set rows -%}
        select
            definitions.*,
            {% if before is none %}
            int_clock.as_of as evaluated_since
            {% else %}
            case
                when earlier.kind = definitions.kind then earlier.evaluated_since
                else int_clock.as_of
            end as evaluated_since
            {% endif %}
        from {{ ref("int_segment_definitions") }} as definitions
        cross join {{ ref("int_clock") }} as int_clock
        {% if before is not none %}
        left join {{ before }} as earlier
            on
                earlier.segment = case
                    when definitions.segment in (select own.segment from {{ before }} as own)
                        then definitions.segment
                    else coalesce(definitions.was, definitions.segment)
                end
        {% endif %}
        where definitions.state = 'fresh'
        {%- if before is not none %}
        union all by name
        select
            before.* replace (
                coalesce(set_aside.segment, before.segment) as segment,
                'stale' as state,
                coalesce(
                    set_aside.reason, unread_files.reason, before.reason
                ) as reason,
                cast(null as int) as word,
                cast(null as bigint) as bit
            )
        from {{ before }} as before
        left join (
            select
                declared.segment,
                declared.state,
                declared.reason,
                case
                    when
                        declared.state = 'stale'
                        and declared.segment not in (
                            select own.segment from {{ before }} as own
                        )
                        then coalesce(declared.was, declared.segment)
                    else declared.segment
                end as known_as
            from {{ ref("int_segment_definitions") }} as declared
        ) as set_aside
            on before.segment = set_aside.known_as
        left join (
            select declared_in, min(reason) as reason
            from {{ ref("int_segment_unread_files") }}
            group by declared_in
        ) as unread_files
            on before.declared_in = unread_files.declared_in
        where
            set_aside.state = 'stale'
            or (
                set_aside.segment is null
                and unread_files.declared_in is not null
                and before.segment not in (
                    select heir.was from {{ ref("int_segment_definitions") }} as heir
                    where heir.was is not null
                )
            )
        {%- endif %}
    {%- endset -%}
    {{- keep_rows("definitions", rows) -}}
{% endmacro %}

{#
    Who was held out of a segment's split, in spans that neither touch nor overlap. What a
    run with the same as_of wrote is undone first. Before anything is kept, an open stay
    says since when.
#}
{% macro keep_segment_holdouts() %}
    {%- set before = segment_state("holdouts") -%}
    {%- set rows -%}
        with int_clock as (
            select * from {{ ref("int_clock") }}
        ),

        held_out as (
            select
                segment,
                customer_id,
                entered_at
            from {{ this }}
            where left_at is null and variant = 'control' and through <> 'reached'
        ){% if before is none %}

        select
            segment,
            customer_id,
            entered_at as held_out_at,
            cast(null as timestamp) as released_at
        from held_out
        {%- else %},

        before as (
            select
                kept.segment,
                coalesce(merges.customer_id, kept.customer_id) as customer_id,
                kept.held_out_at,
                case
                    when kept.released_at < int_clock.as_of then kept.released_at
                    else timestamp 'infinity'
                end as ends_at
            from {{ before }} as kept
            cross join int_clock
            left join {{ ref("int_identity_merges") }} as merges
                on kept.customer_id = merges.merged_customer_id
            where kept.held_out_at < int_clock.as_of
        ),

        ordered as (
            select
                *,
                max(ends_at) over (
                    partition by segment, customer_id
                    order by held_out_at, ends_at
                    rows between unbounded preceding and 1 preceding
                ) as reached
            from before
        ),

        numbered as (
            select
                *,
                sum(case when held_out_at <= reached then 0 else 1 end) over (
                    partition by segment, customer_id
                    order by held_out_at, ends_at, reached nulls first
                    rows unbounded preceding
                ) as island
            from ordered
        ),

        spans as (
            select
                segment,
                customer_id,
                min(held_out_at) as held_out_at,
                nullif(max(ends_at), timestamp 'infinity') as released_at
            from numbered
            group by segment, customer_id, island
        ),

        open_spans as (
            select * from spans
            where released_at is null
        )

        select
            coalesce(open_spans.segment, held_out.segment) as segment,
            coalesce(open_spans.customer_id, held_out.customer_id) as customer_id,
            coalesce(open_spans.held_out_at, int_clock.as_of) as held_out_at,
            case when held_out.segment is null then int_clock.as_of end as released_at
        from open_spans
        full outer join held_out
            on
                open_spans.segment = held_out.segment
                and open_spans.customer_id = held_out.customer_id
        cross join int_clock
        union all
        select * from spans
        where released_at is not null
        {%- endif %}
    {%- endset -%}
    {{- keep_rows("holdouts", rows) -}}
{% endmacro %}

{% macro keep_segment_run() %}
    {%- set runs = segment_state("runs") -%}
    {%- set rows -%}
        select as_of from {{ ref("int_clock") }}
        {%- if runs is not none %}
        union
        select as_of from {{ runs }}
        {%- endif %}
    {%- endset -%}
    {{- keep_rows("runs", rows) -}}
{% endmacro %}

{% macro keep_rows(name, rows) %}
    {%- if not flags.EMPTY -%}
        create or replace table {{ api.Relation.create(
            database=this.database,
            schema=this.schema,
            identifier="segment_state_" ~ name,
            type="table"
        ) }} as
        {{ rows }}
    {%- endif -%}
{% endmacro %}
