-- One row per entry in a loyalty ledger, keyed to the person whose points they are.
with checked_points as (
    select * from {{ ref("int_points_checked") }}
),

identity_map as (
    select * from {{ ref("int_identity_map") }}
),

points as (
    select * from checked_points
    where verdict = 'accepted'
),

fct_points as (
    select
        points.system || ':' || points.entry_id as point_entry_id,
        {{ identity_customer(["account"]) }} as customer_id,
        points.system,
        points.entry_type,
        points.reward,
        points.system || ':' || nullif(points.order_id, '') as order_id,
        points.points,
        points.occurred_at
    from points
    {{ identity_joins("points", ["account"]) }}
)

select * from fct_points
