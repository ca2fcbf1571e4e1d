-- One row per canonical table and system: how many raw rows there are and their fate.
{{ config(materialized="table") }}

{% set mappings = [] %}
{% for table in canonical_tables() %}
    {% for system in systems_with(table) %}
        {% do mappings.append((table, system)) %}
    {% endfor %}
{% endfor %}

with raw_rows as (
    {% for table, system in mappings %}
        select
            '{{ table }}' as table_name,
            '{{ system }}' as system,
            count(*) as count_raw
        from {{ remembered(system, table) }} as {{ table }}_of_{{ system }}
        {{ "union all" if not loop.last }}
    {% else %}
        select
            cast(null as varchar) as table_name,
            cast(null as varchar) as system,
            0 as count_raw
        where false
    {% endfor %}
),

judged_rows as (
    {% for table in canonical_tables() %}
        select
            '{{ table }}' as table_name,
            system,
            count(case when verdict = 'accepted' then 1 end) as count_accepted,
            count(case when verdict = 'quarantined' then 1 end) as count_quarantined,
            count(case when verdict = 'duplicate' then 1 end) as count_duplicates
        from {{ ref("int_" ~ table ~ "_checked") }}
        group by system
        {{ "union all" if not loop.last }}
    {% endfor %}
),

int_row_counts as (
    select
        coalesce(raw_rows.table_name, judged_rows.table_name) as table_name,
        coalesce(raw_rows.system, judged_rows.system) as system,
        coalesce(count_raw, 0) as count_raw,
        coalesce(count_accepted, 0) as count_accepted,
        coalesce(count_quarantined, 0) as count_quarantined,
        coalesce(count_duplicates, 0) as count_duplicates
    from raw_rows
    full outer join judged_rows
        on
            raw_rows.table_name = judged_rows.table_name
            and raw_rows.system = judged_rows.system
)

select * from int_row_counts
