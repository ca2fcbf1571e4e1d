{#
    Who was in which segment after the run before, packed; the words of people who turned
    out to be one are put together.

    Usage: words_before as ({{ merged_words(segment_state("words"), merges) }})
#}
{% macro merged_words(state, merges) %}
    {%- if not are_merged(state, merges) -%}
        select * from {{ state }}
    {%- else -%}
        select
            coalesce(merges.customer_id, words.customer_id) as customer_id
            {%- for column in adapter.get_columns_in_relation(state)
               if column.name.startswith("word_") %},
            bit_or(words.{{ column.name }}) as {{ column.name }}
            {%- endfor %}
        from {{ state }} as words
        left join {{ merges }} as merges
            on words.customer_id = merges.merged_customer_id
        group by coalesce(merges.customer_id, words.customer_id)
    {%- endif -%}
{% endmacro %}

{#
    What was known of each customer at the run before; people who turned out to be one are
    put together, and marked.

    Usage: row_counts_before as ({{ merged_row_counts(segment_state("row_counts"), merges) }})
#}
{% macro merged_row_counts(state, merges) %}
    {%- if not are_merged(state, merges) -%}
        select
            *,
            false as is_merged
        from {{ state }}
    {%- else -%}
        select
            coalesce(merges.customer_id, row_counts.customer_id) as customer_id,
            sum(row_counts.count_rows) as count_rows,
            min(row_counts.profile_hash) as profile_hash,
            count(merges.customer_id) > 0 as is_merged
        from {{ state }} as row_counts
        left join {{ merges }} as merges
            on row_counts.customer_id = merges.merged_customer_id
        group by coalesce(merges.customer_id, row_counts.customer_id)
    {%- endif -%}
{% endmacro %}

{# Whether anybody in a table of the run before has turned out to be somebody else. #}
{% macro are_merged(state, merges) %}
    {{ return(has_rows(
        "select 1 from " ~ merges ~ " as merges inner join " ~ state
        ~ " as known on merges.merged_customer_id = known.customer_id"
    )) }}
{% endmacro %}
