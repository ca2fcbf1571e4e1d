{#
    How long the history of segments is kept: var segment_history_days. What ended longer
    ago is dropped; who is in now stays, however long ago that began.

    Usage: post_hook=[..., "{{ drop_old_stays() }}"]
#}
{% macro drop_old_stays() %}
    {%- set begins = segment_history_begins() -%}
    {%- if begins and not flags.EMPTY -%}
        delete from {{ this }} where left_at < {{ begins }};
        {%- set holdouts = segment_state("holdouts") -%}
        {%- if holdouts %}
        delete from {{ holdouts }} where released_at < {{ begins }};
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{% macro drop_old_sizes() %}
    {%- set begins = segment_history_begins() -%}
    {%- if begins and not flags.EMPTY -%}
        delete from {{ this }} where as_of < {{ begins }}
    {%- endif -%}
{% endmacro %}

{# The instant, as SQL, from which on history is kept, or none if all is. #}
{% macro segment_history_begins() %}
    {%- set days = var("segment_history_days") -%}
    {%- if days is not none -%}
        {{ return(
            "(select " ~ dbt.dateadd("day", -1 - (days | int), "as_of") ~ " from "
            ~ ref("int_clock") ~ ")"
        ) }}
    {%- endif -%}
    {{ return(none) }}
{% endmacro %}
