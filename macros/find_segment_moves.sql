{#
    Puts who has come into a segment or left it since the run before into the temporary
    table segment_moves, and why. A hook of fct_segment_stays, whose own query joins it with
    all stays: of a table the engine knows the size, and of a query it has to guess.
#}
{% macro find_segment_moves() %}
    {%- if is_incremental() -%}
    {%- set flags_now = segment_flags(ref("int_segment_definitions")) -%}
    {%- set flags_before = segment_flags_before() -%}
    {%- set words_state = segment_state("words") -%}
    {%- set row_counts_state = segment_state("row_counts") -%}
    {%- set merges = ref("int_identity_merges") -%}
    {%- set definitions_state = segment_state("definitions") -%}
    {%- set lists_state = segment_state("lists") -%}
    {%- set followed, others = [], [] -%}
    {%- for flag in flags_now -%}
        {%- if flag.segment in flags_before -%}
            {%- do followed.append(flag) -%}
        {%- else -%}
            {%- do others.append(flag.segment) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set places = flags_now | map(attribute="word") | list -%}
    {%- set count_words = (places | max + 1) if places else 0 -%}
    create or replace temporary table segment_moves as
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

    words as (
        select * from {{ ref("int_segment_words__customer") }}
    ),

    row_counts as (
        select * from {{ ref("int_customer_row_counts") }}
    ),

    listed_now as (
        select
            list_name,
            customer_id
        from {{ ref("int_list_members") }}
    ),

    unread_files as (
        select * from {{ ref("int_segment_unread_files") }}
    ),

    -- The open stays, and those that an earlier run with the same as_of closed.
    standing as {{ not_materialized() }} (
        {{ standing_stays() }}
    ),

    {% if words_state %}
    words_before as (
        {{ merged_words(words_state, merges) }}
    ),
    {% endif %}

    {% if row_counts_state %}
    row_counts_before as (
        {{ merged_row_counts(row_counts_state, merges) }}
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

    definitions_before as (
        {% if definitions_state %}
        select
            coalesce(renamed.segment, before.segment) as segment,
            before.declared_in,
            before.definition_hash
        from {{ definitions_state }} as before
        left join definitions as renamed
            on
                    before.segment = renamed.was
                    and renamed.segment not in (
                        select own.segment from {{ definitions_state }} as own
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

    held as (
        select distinct segment from {{ this }}
        where left_at is null
    ),

    -- Segments that are declared no more, and are not only out of reach for now.
    removed as (
        select held.segment
        from held
        left join {{ ref("int_segment_definitions") }} as declared
            on
                held.segment = declared.segment
                and (declared.entity = 'customer' or declared.state = 'stale')
        left join definitions_before
            on held.segment = definitions_before.segment
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

    listed_before as (
        {% if lists_state %}
        select list_name, customer_id from {{ lists_state }}
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
                {% if row_counts_state %}
                when row_counts_before.is_merged then 'identity'
                when
                    row_counts.count_rows
                    is distinct from row_counts_before.count_rows
                    or row_counts.profile_hash
                    is distinct from row_counts_before.profile_hash
                    then 'activity'
                {% endif %}
                else 'time'
            end as because
        from moves
        left join definitions on moves.segment = definitions.segment
        left join definitions_before on moves.segment = definitions_before.segment
        left join moves_by_list
            on
                moves.segment = moves_by_list.segment
                and moves.customer_id = moves_by_list.customer_id
        {% if row_counts_state %}
        left join row_counts_before
            on moves.customer_id = row_counts_before.customer_id
        left join row_counts
            on moves.customer_id = row_counts.customer_id
        {% endif %}
    )

    select * from explained
    {%- endif -%}
{% endmacro %}

{# Where the flag of each segment was in the words of the run before, by segment. #}
{% macro segment_flags_before() %}
    {%- set before = {} -%}
    {%- if segment_state("words") -%}
        {%- for flag in segment_flags(segment_state("definitions")) -%}
            {%- do before.update({flag.segment: flag}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(before) }}
{% endmacro %}

{# The open stays, and those that an earlier run with the same as_of closed; needs clock. #}
{% macro standing_stays() -%}
    select * from {{ this }}
    where left_at is null
    union all
    select stays.*
    from {{ this }} as stays
    inner join clock on stays.left_at >= clock.as_of
{%- endmacro %}
