-- One row per customer: their orders, what was in them and what they are worth.

with order_features as (
    select * from {{ ref("int_customer_order_features") }}
),

habit_features as (
    select * from {{ ref("int_customer_habit_features") }}
),

product_features as (
    select * from {{ ref("int_customer_product_features") }}
),

value_features as (
    select * from {{ ref("int_customer_value_features") }}
),

predictions as (
    select * from {{ ref("int_customer_value_predictions") }}
),

int_customer_purchase_features as (
    select *
    from order_features
    inner join habit_features using (customer_id)  -- noqa: ST07
    inner join product_features using (customer_id)  -- noqa: ST07
    inner join value_features using (customer_id)  -- noqa: ST07
    inner join predictions using (customer_id)  -- noqa: ST07
)

select * from int_customer_purchase_features
