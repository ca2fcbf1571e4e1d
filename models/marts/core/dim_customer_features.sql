-- One row per customer: every attribute that segments may be written with.
{{
    config(
        materialized="incremental",
        incremental_strategy="delete+insert",
        unique_key="customer_id",
        on_schema_change="fail",
        full_refresh=not var("near_real_time"),
    )
}}
{% set of_all = [
    ref("int_customer_price_levels"),
    ref("int_customer_value_features"),
    ref("int_customer_value_predictions"),
] %}

with
{% if is_incremental() %}
    {% set columns = [] %}
    {% for relation in of_all %}
        {% for column in adapter.get_columns_in_relation(relation) %}
            {% do columns.append(column.name) if column.name != "customer_id" %}
        {% endfor %}
    {% endfor %}
    -- What somebody is beside all others may change when others do something.
    beside_others as (
        select
            customer_id,
            {{ columns | join(", ") }}
        from {{ of_all[0] }}
        {% for relation in of_all[1:] %}
            inner join {{ relation }} using (customer_id)  -- noqa: ST07
        {% endfor %}
        except
        select
            customer_id,
            {{ columns | join(", ") }}
        from {{ this }}
    ),

    moved as (
        select customer_id from beside_others
        {{ union_refreshed("customer_id") }}
    ),
{% endif %}

person_features as (
    select * from {{ ref("int_customer_person_features") }}
    {% if is_incremental() %}
        where customer_id in (select moved.customer_id from moved)
    {% endif %}
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

price_levels as (
    select * from {{ ref("int_customer_price_levels") }}
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
    inner join price_levels using (customer_id)  -- noqa: ST07
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
