{#
    Who was in which segment after the run before, packed; the words of people who turned
    out to be one are put together, and marked.

    Usage: words_before as ({{ merged_words(segment_state("words"), merges) }})
#}
{% macro merged_words(state, merges) %}
    {%- set are_merged = has_rows(
        "select 1 from " ~ merges ~ " as merges inner join " ~ state
        ~ " as words on merges.merged_customer_id = words.customer_id"
    ) -%}
    {%- if not are_merged -%}
        select
            *,
            false as is_merged
        from {{ state }}
    {%- else -%}
        select
            coalesce(merges.customer_id, words.customer_id) as customer_id,
            {% for column in adapter.get_columns_in_relation(state)
               if column.name.startswith("word_") %}
            bit_or(words.{{ column.name }}) as {{ column.name }},
            {% endfor %}
            sum(words.count_rows) as count_rows,
            min(words.profile_hash) as profile_hash,
            count(merges.customer_id) > 0 as is_merged
        from {{ state }} as words
        left join {{ merges }} as merges
            on words.customer_id = merges.merged_customer_id
        group by coalesce(merges.customer_id, words.customer_id)
    {%- endif -%}
{% endmacro %}
