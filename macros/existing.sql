{#
    A table of an earlier run, by its name and without depending on it: what feeds a
    model may look at how the model was before. None where there is none yet.

    Usage: {% set stays = existing("fct_segment_stays") %}
#}
{% macro existing(name) %}
    {%- if execute and this -%}
        {{ return(adapter.get_relation(this.database, this.schema, name)) }}
    {%- endif -%}
    {{ return(none) }}
{% endmacro %}
