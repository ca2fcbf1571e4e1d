{#
    Whether an instant lies in the time for which a person held an identifier. Compares
    plain values, so that engines can still join by hashing.

    Usage: and {{ is_held("by_phone", "orders.ordered_at") }}
#}
{% macro is_held(holding, time) -%}
    {{ time }} >= coalesce({{ holding }}.held_from, timestamp '0001-01-01 00:00:00')
    and {{ time }} < coalesce({{ holding }}.held_until, timestamp '9999-12-31 00:00:00')
{%- endmacro %}
