{#
    Gives the stays of a renamed segment (`was: old_name` in its spec) the new name,
    unless the new name has stays of its own already.
#}
{% macro rename_segments() %}
    {%- if is_incremental() and not flags.EMPTY -%}
        update {{ this }} as stays
        set segment = renamed.segment
        from {{ ref("int_segment_definitions") }} as renamed
        where
            stays.segment = renamed.was
            and renamed.segment not in (select distinct segment from {{ this }})
    {%- endif -%}
{% endmacro %}
