{#
    A table in which the last run left its answers for the next one to compare with:
    `words` (who was in which segment, packed), `row_counts`, `definitions`, `lists`,
    `holdouts` or `runs`. None before the first run. They are written with
    fct_segment_stays, in one transaction, and so are no models of their own.

    Usage: {% set words_before = segment_state("words") %}
#}
{% macro segment_state(name) %}
    {{ return(existing("segment_state_" ~ name)) }}
{% endmacro %}
