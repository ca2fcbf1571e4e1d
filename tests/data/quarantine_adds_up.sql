-- One row per canonical table and system whose quarantine is not what was rejected.
with quarantine as (
    select * from {{ ref("quarantine") }}
),

row_counts as (
    select * from {{ ref("int_row_counts") }}
),

quarantined_rows as (
    select
        table_name,
        system,
        count(*) as count_rows
    from quarantine
    group by table_name, system
),

quarantine_adds_up as (
    select
        coalesce(row_counts.table_name, quarantined_rows.table_name) as table_name,
        coalesce(row_counts.system, quarantined_rows.system) as system,
        row_counts.count_quarantined,
        quarantined_rows.count_rows
    from row_counts
    full outer join quarantined_rows
        on
            row_counts.table_name = quarantined_rows.table_name
            and row_counts.system = quarantined_rows.system
    where
        coalesce(row_counts.count_quarantined, 0)
        <> coalesce(quarantined_rows.count_rows, 0)
)

select * from quarantine_adds_up
