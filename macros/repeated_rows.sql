{#
    The rows of a canonical table whose key occurs more than once among the rows that
    nothing else speaks against. One of each key is kept: the newest, then the most
    complete. Its exact copies are duplicates, other versions conflict with it.

    `judged` is a relation with the canonical columns and `reason`; `newest` an
    expression over them that says how new a version is.

    Usage: {{ repeated_rows("orders", "judged_orders", newest="ordered_at") }}
#}
{% macro repeated_rows(table, judged, newest="null") %}
    {%- set key = canonical_key(table) -%}
    {%- set columns = canonical_columns(table) | list -%}
    with repeated_keys as (
        select {{ key | join(", ") }}
        from {{ judged }}
        where reason is null
        group by {{ key | join(", ") }}
        having count(*) > 1
    ),

    versions as (
        select
            judged.*,
            {{ row_as_json(table, "judged") }} as record,
            {{ newest }} as version,
            0 {%- for column in columns %}
            + case when judged.{{ column }} is null then 1 else 0 end
            {%- endfor %} as count_missing
        from {{ judged }} as judged
        inner join repeated_keys
            on
                {%- for column in key %}
                {{ "and" if not loop.first }} judged.{{ column }} = repeated_keys.{{ column }}
                {%- endfor %}
        where judged.reason is null
    ),

    ranked_versions as (
        select
            versions.*,
            row_number() over version_order as place,
            first_value(record) over version_order as kept_record
        from versions
        window version_order as (
            partition by {{ key | join(", ") }}
            order by version desc nulls last, count_missing, record desc
        )
    )

    select
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        case
            when place = 1 then null
            when record = kept_record then 'exact_copy'
            else 'conflicting_key'
        end as reason
    from ranked_versions
{%- endmacro %}
