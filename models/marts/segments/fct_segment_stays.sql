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
        ],
        post_hook=[
            "delete from {{ this }} where left_at <= entered_at",
            "{{ keep_segment_holdouts() }}",
            "{{ keep_segment_words() }}",
            "{{ keep_segment_definitions() }}",
            "{{ keep_segment_lists() }}",
            "{{ keep_segment_run() }}",
            "{{ drop_old_stays() }}",
        ],
    )
}}
{% do refuse_part_of_a_run() %}
{% set flags_now = segment_flags(ref("int_segment_definitions")) %}
{% set words_state = segment_state("words") if is_incremental() else none %}
{# Named here, because dbt looks for dependencies outside of conditions only. #}
{% set merges = ref("int_identity_merges") %}
{% set words = ref("int_segment_words__customer") %}
{% set row_counts = ref("int_customer_row_counts") %}
{% set lists = ref("int_list_members") %}
{% set unread = ref("int_segment_unread_files") %}
{% set flags_before = {} %}
{% for flag in segment_flags(segment_state("definitions")) if words_state %}
    {% do flags_before.update({flag.segment: flag}) %}
{% endfor %}
{% set followed, others, assigned = [], [], [] %}
{% for flag in flags_now %}
    {% if flag.segment not in flags_before %}
        {% do others.append(flag.segment) %}
    {% else %}
        {% do followed.append(flag) %}
    {% endif %}
    {% if flag.is_assigned or flags_before.get(flag.segment, flag).is_assigned %}
        {% do assigned.append(flag.segment) %}
    {% endif %}
{% endfor %}
{% set places = flags_now | map(attribute="word") | list %}
{% set count_words = (places | max + 1) if places else 0 %}

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

    words as (
        select * from {{ words }}
    ),

    row_counts as (
        select * from {{ row_counts }}
    ),

    listed_now as (
        select
            list_name,
            customer_id
        from {{ lists }}
    ),

    unread_files as (
        select * from {{ unread }}
    ),

    -- The open stays, and those that an earlier run with the same as_of closed.
    standing as (
        select stays.*
        from {{ this }} as stays
        cross join clock
        where stays.left_at is null or stays.left_at >= clock.as_of
    ),

    {% if words_state %}
    words_before as (
        {{ merged_words(words_state, merges) }}
    ),
    {% endif %}

    -- Who was in which segment, packed, now and after the run before.
    compared as (
        select
            {% if words_state %}
            coalesce(words.customer_id, words_before.customer_id) as customer_id,
            {% else %}
            words.customer_id,
            {% endif %}
            {% for number in range(count_words) %}
            coalesce(words.word_{{ number }}, 0) as present_{{ number }},
            {{ bitwise_xor(
                "coalesce(words.word_" ~ number ~ ", 0)",
                word_before(number, followed, flags_before, "words_before")
            ) }}
            & {{ followed | selectattr("word", "equalto", number)
                 | map(attribute="bit") | sum }} as changed_{{ number }},
            {% endfor %}
            1 as one
        from words
        {% if words_state %}
        full outer join words_before
            on words.customer_id = words_before.customer_id
        {% endif %}
    ),

    changed_words as (
        {% for number in range(count_words) %}
        select
            customer_id,
            {{ number }} as word,
            present_{{ number }} as present,
            changed_{{ number }} as changed
        from compared
        where changed_{{ number }} <> 0
        union all
        {% endfor %}
        select
            customer_id,
            0 as word,
            0 as present,
            0 as changed
        from compared
        where false
    ),

    -- Of a segment that the run before did not evaluate, the open stays say who was in.
    members_of_others as (
        {% if others %}
        select segment, customer_id from members
        where segment in ('{{ others | join("', '") }}')
        {% else %}
        select segment, customer_id from standing where false
        {% endif %}
    ),

    stays_of_others as (
        select segment, customer_id from standing
        where left_at is null and segment in ('{{ others | join("', '") }}')
    ),

    {% set definitions_before = segment_state("definitions") %}
    definitions_before as (
        {% if definitions_before %}
        select
            coalesce(renamed.segment, before.segment) as segment,
            before.declared_in,
            before.definition_hash
        from {{ definitions_before }} as before
        left join definitions as renamed
            on
                    before.segment = renamed.was
                    and renamed.segment not in (
                        select own.segment from {{ definitions_before }} as own
                    )
        {% else %}
        select
            segment,
            declared_in,
            definition_hash
        from definitions
        where false
        {% endif %}
    ),

    -- Segments that are declared no more, and are not only out of reach for now.
    removed as (
        select distinct standing.segment
        from standing
        left join {{ ref("int_segment_definitions") }} as declared
            on
                standing.segment = declared.segment
                and (declared.entity = 'customer' or declared.state = 'stale')
        left join definitions_before
            on standing.segment = definitions_before.segment
        left join unread_files
            on definitions_before.declared_in = unread_files.declared_in
        where declared.segment is null and unread_files.declared_in is null
    ),

    moves as (
        select
            definitions.segment,
            changed_words.customer_id,
            (changed_words.present & definitions.bit) <> 0 as is_member
        from changed_words
        inner join definitions
            on
                changed_words.word = definitions.word
                and (changed_words.changed & definitions.bit) <> 0
        union all
        select
            coalesce(members_of_others.segment, stays_of_others.segment) as segment,
            coalesce(
                members_of_others.customer_id, stays_of_others.customer_id
            ) as customer_id,
            members_of_others.segment is not null as is_member
        from members_of_others
        full outer join stays_of_others
            on
                members_of_others.segment = stays_of_others.segment
                and members_of_others.customer_id = stays_of_others.customer_id
        where members_of_others.segment is null or stays_of_others.segment is null
        union all
        select
            standing.segment,
            standing.customer_id,
            false as is_member
        from standing
        inner join removed on standing.segment = removed.segment
        where standing.left_at is null
    ),

    {% set lists_before = segment_state("lists") %}
    listed_before as (
        {% if lists_before %}
        select list_name, customer_id from {{ lists_before }}
        {% else %}
        select list_name, customer_id from listed_now
        {% endif %}
    ),

    list_changes as (
        (select * from listed_now except select * from listed_before)
        union all
        (select * from listed_before except select * from listed_now)
    ),

    moves_by_list as (
        select distinct
            moves.segment,
            moves.customer_id
        from moves
        inner join list_changes on moves.customer_id = list_changes.customer_id
        inner join definitions
            on
                moves.segment = definitions.segment
                and {{ list_has("definitions.lists", "list_changes.list_name") }}
    ),

    customers_with_news as (
        {% if words_state %}
        select coalesce(row_counts.customer_id, words_before.customer_id) as customer_id
        from row_counts
        full outer join words_before
            on row_counts.customer_id = words_before.customer_id
        where
            row_counts.count_rows is distinct from words_before.count_rows
            or row_counts.profile_hash is distinct from words_before.profile_hash
        {% else %}
        select customer_id from row_counts where false
        {% endif %}
    ),

    merged_customers as (
        {% if words_state %}
        select customer_id from words_before where is_merged
        {% else %}
        select customer_id from row_counts where false
        {% endif %}
    ),

    -- When several reasons hold, the first of these is told.
    explained as (
        select
            moves.segment,
            moves.customer_id,
            moves.is_member,
            definitions.definition_hash,
            case
                when
                    definitions.definition_hash
                    is distinct from definitions_before.definition_hash
                    then 'definition'
                when moves_by_list.customer_id is not null then 'list'
                when merged_customers.customer_id is not null then 'identity'
                when customers_with_news.customer_id is not null then 'activity'
                else 'time'
            end as because
        from moves
        left join definitions on moves.segment = definitions.segment
        left join definitions_before on moves.segment = definitions_before.segment
        left join moves_by_list
            on
                moves.segment = moves_by_list.segment
                and moves.customer_id = moves_by_list.customer_id
        left join merged_customers
            on moves.customer_id = merged_customers.customer_id
        left join customers_with_news
            on moves.customer_id = customers_with_news.customer_id
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

    entries as (
        select
            explained.segment,
            explained.customer_id,
            coalesce(assigned.through, definitions.through) as through,
            assigned.variant,
            coalesce(standing.entered_because, explained.because) as entered_because,
            cast(null as varchar) as left_because,
            coalesce(
                standing.entered_definition_hash, explained.definition_hash
            ) as entered_definition_hash,
            cast(null as varchar) as left_definition_hash,
            coalesce(standing.entered_at, clock.as_of) as entered_at,
            cast(null as timestamp) as left_at
        from explained
        inner join definitions on explained.segment = definitions.segment
        cross join clock
        left join standing
            on
                explained.segment = standing.segment
                and explained.customer_id = standing.customer_id
        left join assigned
            on
                explained.segment = assigned.segment
                and explained.customer_id = assigned.customer_id
        where explained.is_member
    ),

    exits as (
        select
            standing.segment,
            standing.customer_id,
            standing.through,
            standing.variant,
            standing.entered_because,
            explained.because as left_because,
            standing.entered_definition_hash,
            coalesce(
                explained.definition_hash, standing.entered_definition_hash
            ) as left_definition_hash,
            standing.entered_at,
            clock.as_of as left_at
        from standing
        inner join explained
            on
                standing.segment = explained.segment
                and standing.customer_id = explained.customer_id
        cross join clock
        where standing.left_at is null and not explained.is_member
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
