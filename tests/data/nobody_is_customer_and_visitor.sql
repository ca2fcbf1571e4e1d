-- One row per anonymous visitor who is known to be a customer.
with visitor_features as (
    select * from {{ ref("dim_visitor_features") }}
),

identity_map as (
    select * from {{ ref("int_identity_map") }}
),

nobody_is_customer_and_visitor as (
    select visitor_features.anonymous_id
    from visitor_features
    inner join identity_map
        on
            identity_map.identifier_type = 'anonymous'
            and visitor_features.anonymous_id = identity_map.identifier
)

select * from nobody_is_customer_and_visitor
