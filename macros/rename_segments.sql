{#
    Gives what is kept of a renamed segment (`was: old_name` in its spec) the new name, in
    the model that runs it, unless the new name has a history of its own already.
#}
{% macro rename_segments() %}
    {%- if is_incremental() and not flags.EMPTY and has_renamed_segments() -%}
        update {{ this }} as kept
        set segment = renamed.segment
        from {{ ref("int_segment_definitions") }} as renamed
        where
            kept.segment = renamed.was
            and renamed.segment not in (select distinct segment from {{ this }})
    {%- endif -%}
{% endmacro %}

{% macro has_renamed_segments() %}
    {{ return(has_rows(
        "select * from " ~ ref("int_segment_definitions") ~ " where was is not null"
    )) }}
{% endmacro %}
