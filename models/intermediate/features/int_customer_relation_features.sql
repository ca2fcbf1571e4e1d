-- One row per customer: loyalty points, messages, response to campaigns and referrals.

with loyalty_features as (
    select * from {{ ref("int_customer_loyalty_features") }}
),

message_features as (
    select * from {{ ref("int_customer_message_features") }}
),

campaign_features as (
    select * from {{ ref("int_customer_campaign_features") }}
),

int_customer_relation_features as (
    select *
    from loyalty_features
    inner join message_features using (customer_id)  -- noqa: ST07
    inner join campaign_features using (customer_id)  -- noqa: ST07
)

select * from int_customer_relation_features
