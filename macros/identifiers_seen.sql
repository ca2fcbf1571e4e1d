{#
    The sets of identifiers that the accepted rows of a canonical table bear, each with
    when it was first and last seen. Rows that name nobody are left out.

    Usage: {{ identifiers_seen("orders", ["account", "email"], "ordered_at") }}
#}
{% macro identifiers_seen(table, types, time) %}
    {%- set all_types = ["account", "email", "phone", "loyalty_card", "anonymous"] -%}
    select
        '{{ table }}' as through,
        {%- for type in all_types %}
        {{ type if type in types else "cast(null as varchar)" }} as {{ type }},
        {%- endfor %}
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at
    from (
        select
            {%- for type in types %}
            {{ identifier(type, table) }} as {{ type }},
            {%- endfor %}
            {{ time }} as seen_at
        from {{ table }}
        where verdict = 'accepted'
    ) as identified_{{ table }}
    where coalesce({{ types | reject("equalto", "anonymous") | join(", ") }}, null) is not null
    group by {{ types | join(", ") }}
{%- endmacro %}
