{#
    The sets of identifiers that the accepted rows of a canonical table bear, each with
    how often and when it was seen. Rows that name nobody are left out. Rows are counted
    as they are spelled first, because that makes few of many.

    Usage: {{ identifiers_seen("orders", ["account", "email"], "ordered_at") }}
#}
{% macro identifiers_seen(table, types, time) %}
    {%- set kinds = identity_kinds() -%}
    {%- set columns = ["system"] -%}
    {%- for type in types -%}
        {%- do columns.append(kinds[type]) -%}
    {%- endfor -%}
    {%- set naming = types | reject("equalto", "anonymous") | list -%}
    select
        '{{ table }}' as through,
        {%- for kind in kinds %}
        {{ kind if kind in types else "cast(null as varchar)" }} as {{ kind }},
        {%- endfor %}
        cast(sum(count_rows) as bigint) as count_sightings,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from (
        select
            {%- for type in types %}
            {{ identifier(type, "spelled_" ~ table) }} as {{ type }},
            {%- endfor %}
            count_rows,
            first_seen_at,
            last_seen_at
        from (
            select
                {{ columns | join(", ") }},
                count(*) as count_rows,
                min({{ time }}) as first_seen_at,
                max({{ time }}) as last_seen_at
            from {{ table }}
            where
                verdict = 'accepted'
                and (
                    {%- for type in naming %}
                    {{ "or " if not loop.first }}{{ kinds[type] }} is not null
                    {%- endfor %}
                )
            group by {{ columns | join(", ") }}
        ) as spelled_{{ table }}
    ) as identified_{{ table }}
    group by {{ types | join(", ") }}
    -- Of groups, so that no engine normalises every row once more to look.
    having {% for type in naming %}{{ "+ " if not loop.first }}count({{ type }}) {% endfor -%} > 0
{%- endmacro %}
