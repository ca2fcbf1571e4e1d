{#
    An instant that a later change of a row bears, or null when it lies at or after
    as_of: what has not happened yet does not exist. Needs `as_of` in scope.

    Usage: {{ happened("messages.opened_at") }} as opened_at
#}
{% macro happened(column) -%}
    case when {{ column }} < clock.as_of then {{ column }} end
{%- endmacro %}
