-- One row per segment, trait and value: how common it is among members and among all.
{% set traits = ["age_band", "gender", "country", "language", "device_type"] %}

with fct_segment_members as (
    select * from {{ ref("fct_segment_members") }}
),

dim_customer_features as (
    select * from {{ ref("dim_customer_features") }}
),

dim_segments as (
    select * from {{ ref("dim_segments") }}
),

int_clock as (
    select * from {{ ref("int_clock") }}
),

devices as (
    {% for device in ["desktop", "mobile", "tablet"] %}
        select
            customer_id,
            '{{ device }}' as device_type
        from dim_customer_features
        where {{ list_has("device_types_90d", "'" ~ device ~ "'") }}
        {{ "union all" if not loop.last }}
    {% endfor %}
),

traits as (
    {% for trait in traits %}
        select
            customer_id,
            '{{ trait }}' as trait,
            {{ trait }} as trait_value
        from {{ "devices" if trait == "device_type" else "dim_customer_features" }}
        where {{ trait }} is not null
        {{ "union all" if not loop.last }}
    {% endfor %}
),

customers_by_trait as (
    select
        trait,
        trait_value,
        count(*) as count_customers
    from traits
    group by trait, trait_value
),

customers_with_trait as (
    select
        trait,
        count(distinct customer_id) as count_customers
    from traits
    group by trait
),

members_by_trait as (
    select
        fct_segment_members.segment,
        traits.trait,
        traits.trait_value,
        count(*) as members
    from fct_segment_members
    inner join traits
        on fct_segment_members.customer_id = traits.customer_id
    group by fct_segment_members.segment, traits.trait, traits.trait_value
),

members_with_trait as (
    select
        fct_segment_members.segment,
        traits.trait,
        count(distinct traits.customer_id) as members
    from fct_segment_members
    inner join traits
        on fct_segment_members.customer_id = traits.customer_id
    group by fct_segment_members.segment, traits.trait
),

shares as (
    select
        members_by_trait.*,
        cast(members_by_trait.members as double)
        / members_with_trait.members as share_of_members,
        cast(customers_by_trait.count_customers as double)
        / customers_with_trait.count_customers as share_of_customers
    from members_by_trait
    inner join members_with_trait
        on
            members_by_trait.segment = members_with_trait.segment
            and members_by_trait.trait = members_with_trait.trait
    inner join customers_by_trait
        on
            members_by_trait.trait = customers_by_trait.trait
            and members_by_trait.trait_value = customers_by_trait.trait_value
    inner join customers_with_trait
        on members_by_trait.trait = customers_with_trait.trait
),

rpt_segment_demographics as (
    select
        shares.segment,
        dim_segments.label,
        shares.trait,
        shares.trait_value,
        cast(shares.members as bigint) as members,
        shares.share_of_members,
        shares.share_of_customers,
        shares.share_of_members / shares.share_of_customers as lift,
        int_clock.as_of
    from shares
    inner join dim_segments
        on shares.segment = dim_segments.segment
    cross join int_clock
)

select * from rpt_segment_demographics
