{#
    Every row of a canonical table with the verdict on it: the rows whose key is theirs
    alone, and the rows of repeated keys as `repeated_rows` settled them.

    Usage: {{ rows_with_verdict("orders", "judged_orders", "repeated_orders") }}
#}
{% macro rows_with_verdict(table, judged, repeated) %}
    {%- set key = canonical_key(table) -%}
    {%- set columns = canonical_columns(table) | list -%}
    with repeated_keys as (
        select distinct {{ key | join(", ") }}
        from {{ repeated }}
    ),

    settled_rows as (
        select
            {%- for column in columns %}
            judged.{{ column }},
            {%- endfor %}
            judged.reason
        from {{ judged }} as judged
        left join repeated_keys
            on
                {%- for column in key %}
                {{ "and" if not loop.first }} judged.{{ column }} = repeated_keys.{{ column }}
                {%- endfor %}
        where judged.reason is not null or repeated_keys.system is null
        union all
        select
            {%- for column in columns %}
            {{ column }},
            {%- endfor %}
            reason
        from {{ repeated }}
    )

    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        case
            when reason is null then 'accepted'
            when reason = 'exact_copy' then 'duplicate'
            else 'quarantined'
        end as verdict,
        reason
    from settled_rows
{%- endmacro %}
