-- One row per customer: every attribute that segments may be written with.

with profile_features as (
    select * from {{ ref("int_customer_profile_features") }}
),

purchase_features as (
    select * from {{ ref("int_customer_purchase_features") }}
),

engagement_features as (
    select * from {{ ref("int_customer_engagement_features") }}
),

relation_features as (
    select * from {{ ref("int_customer_relation_features") }}
),

dim_customer_features as (
    select *
    from profile_features
    inner join purchase_features using (customer_id)  -- noqa: ST07
    inner join engagement_features using (customer_id)  -- noqa: ST07
    inner join relation_features using (customer_id)  -- noqa: ST07
)

select * from dim_customer_features
