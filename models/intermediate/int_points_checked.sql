-- One row per raw loyalty ledger entry, with the verdict on it.
{{ config(materialized="table") }}

with clock as (
    select * from {{ ref("int_clock") }}
),

points as {{ not_materialized() }} (
    {{ union_systems("points") }}
),

judged_points as {{ not_materialized() }} (
    select
        points.*,
        case
            when nullif(entry_id, '') is null then 'missing_key'
            when occurred_at is null then 'missing_time'
            when nullif(account_id, '') is null then 'missing_customer'
            when occurred_at >= as_of then 'in_the_future'
            when
                points.points is null
                or points.points = 0
                or entry_type = 'earned' and points.points < 0
                or entry_type in ('redeemed', 'expired') and points.points > 0
                then 'impossible_amount'
            when
                entry_type is null
                or entry_type not in ('earned', 'redeemed', 'expired', 'adjusted')
                then 'unknown_value'
        end as reason
    from points
    cross join clock
),

repeated_points as (
    {{ repeated_rows("points", "judged_points", newest="occurred_at") }}
),

int_points_checked as (
    {{ rows_with_verdict("points", "judged_points", "repeated_points") }}
)

select * from int_points_checked
