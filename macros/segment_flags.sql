{#
    The place of each customer segment's flag in the packed words: a list of mappings
    with segment, word, bit and kind. Empty while dbt parses.

    Usage: {% set flags = segment_flags(ref("int_segment_definitions")) %}
#}
{% macro segment_flags(relation) %}
    {%- if not execute or relation is none or load_relation(relation) is none -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set found = run_query(
        "select segment, word, bit, kind, list_word, split_seed from " ~ relation
        ~ " where state = 'fresh' and entity = 'customer' order by word, bit"
    ) -%}
    {%- set flags = [] -%}
    {%- for row in found.rows -%}
        {%- do flags.append({
            "segment": row[0], "word": row[1] | int, "bit": row[2] | int,
            "kind": row[3], "is_assigned": row[4] is not none or row[5] is not none
        }) -%}
    {%- endfor -%}
    {{ return(flags) }}
{% endmacro %}

{#
    A packed word of the run before, its flags at the places that they have now. Where
    no flag moved it is the word itself.

    Usage: {{ word_before(0, followed, flags_before, "words_before") }}
#}
{% macro word_before(number, followed, before, relation) %}
    {%- set own = followed | selectattr("word", "equalto", number) | list -%}
    {%- set moved = [] -%}
    {%- for flag in own -%}
        {%- set old = before[flag.segment] -%}
        {%- if (old.word, old.bit) != (flag.word, flag.bit) -%}
            {%- do moved.append(flag) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not own -%}
        0
    {%- elif not moved -%}
        coalesce({{ relation }}.word_{{ number }}, 0)
    {%- else -%}
        {%- for flag in own -%}
            {%- set old = before[flag.segment] -%}
            case
                when {{ relation }}.word_{{ old.word }} & {{ old.bit }} <> 0
                    then {{ flag.bit }}
                else 0
            end
            {{- " + " if not loop.last -}}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
