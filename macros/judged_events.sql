{#
    The rows of a relation `events` with what speaks against each alone. Needs a CTE
    `clock` in scope.

    Usage: {{ judged_events() }}
#}
{% macro judged_events() %}
    select
        events.*,
        case
            when nullif(event_id, '') is null then 'missing_key'
            when occurred_at is null then 'missing_time'
            when occurred_at >= as_of then 'in_the_future'
            when nullif(event_name, '') is null then 'unknown_value'
        end as reason
    from events
    cross join clock
{%- endmacro %}
