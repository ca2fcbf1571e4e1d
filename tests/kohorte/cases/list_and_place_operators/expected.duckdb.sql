-- int_segment_definitions.sql
-- One row per segment that is declared.
{{ config(materialized="table") }}

with

int_segment_definitions as (
    select
        'example' as segment,
        'example' as label,
        '' as description,
        'dynamic' as kind,
        'customer' as entity,
        '' as owner,
        'interests is unknown or interests has any of shoes, or is unknown or interests has none of shoes, and is known or home is known or home is unknown or home is within 0.500 km of (48.2, 16.37), or is unknown or home is within 25 km of (-33.9, -18.4), and is known' as definition,
        'da699fbed941de50' as definition_hash,
        'list_and_place_operators/segments.yml' as declared_in,
        'fresh' as state,
        cast(null as text) as reason,
        cast(null as text) as was,
        'rule' as through,
        cast(null as text) as split_seed,
        cast([] as text[]) as tags,
        cast([] as text[]) as uses,
        cast([] as text[]) as lists,
        cast(0 as int) as word,
        cast(null as int) as list_word,
        cast(1 as bigint) as bit,
        cast(null as bigint) as list_bit,
        cast(null as bigint) as expected_min_members,
        cast(null as bigint) as expected_max_members,
        cast(null as double) as expected_max_change
)

select * from int_segment_definitions

-- int_segment_unread_files.sql
-- One row per mistake in a spec file outside of a segment.
{{ config(materialized="view") }}

with

int_segment_unread_files as (
    select
        cast(null as text) as declared_in,
        cast(null as text) as reason
    where
        false
)

select * from int_segment_unread_files

-- int_segment_words__customer.sql
-- One row per customer: who is in which segment, 60 flags to a number.
{{ config(materialized="table") }}

with

dim_customer_features as (
    select * from {{ ref("dim_customer_features") }}
),

features as (
    select
        customer_id,
        interests,
        latitude,
        longitude
    from dim_customer_features
),

level_1 as (
    select
        features.*,
        coalesce(
            features.interests is null
            or (
                features.interests is null
                or array_contains(features.interests, 'shoes')
            )
            or (
                not (features.interests is null)
                and not coalesce(
                    array_contains(features.interests, 'shoes'),
                    false
                )
            )
            or (
                features.latitude is not null
                and features.longitude is not null
            )
            or not (
                features.latitude is not null
                and features.longitude is not null
            )
            or (
                (
                    features.latitude is null
                    or features.longitude is null
                )
                or 12742.0176 * asin(
                    sqrt(
                        least(
                            1.0,
                            power(
                                sin(radians((features.latitude - 48.2)) / 2),
                                2
                            ) + cos(radians(features.latitude)) * cos(radians(48.2)) * power(
                                sin(radians((features.longitude - 16.37)) / 2),
                                2
                            )
                        )
                    )
                ) <= 0.500
            )
            or (
                not (
                    features.latitude is null
                    or features.longitude is null
                )
                and 12742.0176 * asin(
                    sqrt(
                        least(
                            1.0,
                            power(
                                sin(radians((features.latitude - -33.9)) / 2),
                                2
                            ) + cos(radians(features.latitude)) * cos(radians(-33.9)) * power(
                                sin(radians((features.longitude - -18.4)) / 2),
                                2
                            )
                        )
                    )
                ) <= 25
            ),
            false
        ) as in_segment__example
    from features
),

int_segment_words__customer as (
    select
        customer_id,
        cast(0 as bigint)
        + case when in_segment__example then 1 else 0 end as word_0
    from level_1
)

select * from int_segment_words__customer
