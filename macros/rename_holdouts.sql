{#
    Gives the holdouts of a renamed segment the new name wherever rename_segments gives it
    to the stays. A hook of fct_segment_stays, before that one.
#}
{% macro rename_holdouts() %}
    {%- set holdouts = segment_state("holdouts") -%}
    {%- if is_incremental() and holdouts and not flags.EMPTY and has_renamed_segments() -%}
        update {{ holdouts }} as kept
        set segment = renamed.segment
        from {{ ref("int_segment_definitions") }} as renamed
        where
            kept.segment = renamed.was
            and renamed.segment not in (select distinct segment from {{ this }})
    {%- endif -%}
{% endmacro %}
