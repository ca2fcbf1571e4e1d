{#
    Keeps what the next run compares with. Hooks of fct_segment_stays, which run in its
    transaction: the stays and what they were made from change together or not at all.

    Usage: post_hook=["{{ keep_segment_words() }}", ...]
#}
{% macro keep_segment_words() %}
    {%- set rows -%}
        select
            int_segment_words__customer.*,
            int_customer_row_counts.count_rows,
            int_customer_row_counts.profile_hash
        from {{ ref("int_segment_words__customer") }} as int_segment_words__customer
        left join {{ ref("int_customer_row_counts") }} as int_customer_row_counts
            on
                int_segment_words__customer.customer_id
                = int_customer_row_counts.customer_id
    {%- endset -%}
    {{- keep_rows("words", rows) -}}
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
                'stale' as state,
                coalesce(
                    set_aside.reason, unread_files.reason, before.reason
                ) as reason,
                cast(null as int) as word,
                cast(null as bigint) as bit
            )
        from {{ before }} as before
        left join {{ ref("int_segment_definitions") }} as set_aside
            on before.segment = set_aside.segment
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
