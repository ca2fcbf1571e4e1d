-- One row per customer: who they are, what they allow and what they declare.

with person_features as (
    select * from {{ ref("int_customer_person_features") }}
),

consent_features as (
    select * from {{ ref("int_customer_consent_features") }}
),

declared_features as (
    select * from {{ ref("int_customer_declared_features") }}
),

int_customer_profile_features as (
    select *
    from person_features
    inner join consent_features using (customer_id)  -- noqa: ST07
    inner join declared_features using (customer_id)  -- noqa: ST07
)

select * from int_customer_profile_features
