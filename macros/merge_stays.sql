{#
    Gives the stays of people who turned out to be one to the id that survives. Stays in
    one segment that touch or overlap become one, from the first entry to the last exit.
    A hook of fct_segment_stays.
#}
{% macro merge_stays() %}
    {%- set merges = ref("int_identity_merges") -%}
    {%- if is_incremental() and not flags.EMPTY and has_rows("select * from " ~ merges) -%}
        create or replace temporary table segment_stays_merged as
        with merges as (
            select * from {{ merges }}
        ),

        survivors as (
            select distinct merges.customer_id
            from merges
            inner join {{ this }} as stays
                on merges.merged_customer_id = stays.customer_id
        ),

        own as (
            select
                stays.* replace (survivors.customer_id as customer_id),
                coalesce(stays.left_at, timestamp 'infinity') as ends_at
            from {{ this }} as stays
            left join merges on stays.customer_id = merges.merged_customer_id
            inner join survivors
                on coalesce(merges.customer_id, stays.customer_id)
                = survivors.customer_id
        ),

        ordered as (
            select
                *,
                max(ends_at) over (
                    partition by segment, customer_id
                    order by entered_at, ends_at
                    rows between unbounded preceding and 1 preceding
                ) as reached
            from own
        ),

        numbered as (
            select
                *,
                sum(case when entered_at <= reached then 0 else 1 end) over (
                    partition by segment, customer_id
                    order by entered_at, ends_at, reached nulls first
                    rows unbounded preceding
                ) as island
            from ordered
        )

        select
            segment,
            customer_id,
            max_by(through, (ends_at, through)) as through,
            max_by(variant, (ends_at, variant)) as variant,
            min_by(entered_because, (entered_at, entered_because)) as entered_because,
            max_by(left_because, (ends_at, left_because))
            filter (where ends_at < timestamp 'infinity') as left_because,
            min_by(entered_definition_hash, (entered_at, entered_definition_hash))
                as entered_definition_hash,
            max_by(left_definition_hash, (ends_at, left_definition_hash))
            filter (where ends_at < timestamp 'infinity') as left_definition_hash,
            min(entered_at) as entered_at,
            nullif(max(ends_at), timestamp 'infinity') as left_at
        from numbered
        group by segment, customer_id, island;

        update segment_stays_merged
        set left_because = null, left_definition_hash = null
        where left_at is null;

        delete from {{ this }}
        where
            customer_id in (select customer_id from segment_stays_merged)
            or customer_id in (
                select merged_customer_id from {{ merges }}
            );

        insert into {{ this }} by name select * from segment_stays_merged;

        drop table segment_stays_merged
    {%- endif -%}
{% endmacro %}
