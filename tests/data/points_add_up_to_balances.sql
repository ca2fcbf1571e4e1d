-- One row if the balances of all customers are not what the ledger's entries add up to.
with features as (
    select * from {{ ref("dim_customer_features") }}
),

points as (
    select * from {{ ref("fct_points") }}
),

sum_of_balances as (
    select coalesce(sum(points_balance), 0) as points
    from features
),

sum_of_entries as (
    select coalesce(sum(points), 0) as points
    from points
    where customer_id is not null
),

points_add_up_to_balances as (
    select sum_of_balances.points
    from sum_of_balances
    cross join sum_of_entries
    where sum_of_balances.points <> sum_of_entries.points
)

select * from points_add_up_to_balances
