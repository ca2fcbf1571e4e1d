-- One row per customer: what they do on web and app, and how far they have come.

with behaviour_features as (
    select * from {{ ref("int_customer_behaviour_features") }}
),

cart_features as (
    select * from {{ ref("int_customer_cart_features") }}
),

stage_features as (
    select * from {{ ref("int_customer_stage_features") }}
),

int_customer_engagement_features as (
    select *
    from behaviour_features
    inner join cart_features using (customer_id)  -- noqa: ST07
    inner join stage_features using (customer_id)  -- noqa: ST07
)

select * from int_customer_engagement_features
