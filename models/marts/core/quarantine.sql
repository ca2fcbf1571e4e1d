-- One row per raw row that was kept out of the marts, with the reason.
with clock as (
    select * from {{ ref("int_clock") }}
),

rejected_rows as (
    {% for table in canonical_tables() %}
        select
            '{{ table }}' as table_name,
            checked_rows.system,
            checked_rows.reason,
            {{ row_key(table, "checked_rows") }} as row_key,
            {{ row_as_json(table, "checked_rows") }} as record
        from {{ ref("int_" ~ table ~ "_checked") }} as checked_rows
        where checked_rows.verdict = 'quarantined'
        {{ "union all" if not loop.last }}
    {% endfor %}
),

quarantine as (
    select
        table_name,
        system,
        reason,
        row_key,
        record,
        as_of
    from rejected_rows
    cross join clock
)

select * from quarantine
