-- One row per identifier that belongs to one person, with that person's customer_id.
{{ config(materialized="table") }}

with sightings as (
    select * from {{ ref("int_identity_sightings") }}
),

components as (
    select * from {{ ref("int_identity_components") }}
),

sightings_of_customers as (
    select
        sightings.*,
        coalesce(
            by_account.customer_id,
            by_email.customer_id,
            by_loyalty_card.customer_id,
            by_phone.customer_id
        ) as customer_id
    from sightings
    {% for type in ["account", "email", "loyalty_card", "phone"] %}
        left join components as by_{{ type }}
            on
                by_{{ type }}.identifier_type = '{{ type }}'
                and sightings.{{ type }} = by_{{ type }}.identifier
    {% endfor %}
),

identifiers_seen as (
    {% for type in ["account", "email", "loyalty_card", "phone", "anonymous"] %}
        select
            '{{ type }}' as identifier_type,
            {{ type }} as identifier,
            customer_id,
            through,
            first_seen_at,
            last_seen_at
        from sightings_of_customers
        where {{ type }} is not null and customer_id is not null
        {{ "union all" if not loop.last }}
    {% endfor %}
),

holders as (
    select
        identifier_type,
        identifier,
        customer_id,
        min_by(through, (first_seen_at, through)) as through,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from identifiers_seen
    group by identifier_type, identifier, customer_id
),

counted_holders as (
    select
        *,
        count(*) over (partition by identifier_type, identifier) as count_holders
    from holders
),

-- What stands for a person is that person's; anything else must have one holder only.
int_identity_map as (
    select
        counted_holders.identifier_type,
        counted_holders.identifier,
        counted_holders.customer_id,
        counted_holders.through,
        counted_holders.first_seen_at,
        counted_holders.last_seen_at
    from counted_holders
    left join components
        on
            counted_holders.identifier_type = components.identifier_type
            and counted_holders.identifier = components.identifier
    where
        counted_holders.customer_id = components.customer_id
        or (components.customer_id is null and counted_holders.count_holders = 1)
)

select * from int_identity_map
