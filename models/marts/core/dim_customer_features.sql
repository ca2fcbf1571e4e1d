-- One row per customer: every attribute that segments may be written with.

with person_features as (
    select * from {{ ref("int_customer_person_features") }}
),

consent_features as (
    select * from {{ ref("int_customer_consent_features") }}
),

declared_features as (
    select * from {{ ref("int_customer_declared_features") }}
),

order_features as (
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

behaviour_features as (
    select * from {{ ref("int_customer_behaviour_features") }}
),

cart_features as (
    select * from {{ ref("int_customer_cart_features") }}
),

stage_features as (
    select * from {{ ref("int_customer_stage_features") }}
),

loyalty_features as (
    select * from {{ ref("int_customer_loyalty_features") }}
),

message_features as (
    select * from {{ ref("int_customer_message_features") }}
),

campaign_features as (
    select * from {{ ref("int_customer_campaign_features") }}
),

dim_customer_features as (
    select *
    from person_features
    inner join consent_features using (customer_id)  -- noqa: ST07
    inner join declared_features using (customer_id)  -- noqa: ST07
    inner join order_features using (customer_id)  -- noqa: ST07
    inner join habit_features using (customer_id)  -- noqa: ST07
    inner join product_features using (customer_id)  -- noqa: ST07
    inner join value_features using (customer_id)  -- noqa: ST07
    inner join predictions using (customer_id)  -- noqa: ST07
    inner join behaviour_features using (customer_id)  -- noqa: ST07
    inner join cart_features using (customer_id)  -- noqa: ST07
    inner join stage_features using (customer_id)  -- noqa: ST07
    inner join loyalty_features using (customer_id)  -- noqa: ST07
    inner join message_features using (customer_id)  -- noqa: ST07
    inner join campaign_features using (customer_id)  -- noqa: ST07
)

select * from dim_customer_features
