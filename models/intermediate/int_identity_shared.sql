-- One row per identifier that was seen with more others than one person can have.
{{ config(materialized="table") }}
{% set kinds = identity_kinds() %}

with sightings as (
    select * from {{ ref("int_identity_sightings") }}
),

-- What stands beside an identifier is told by the strongest that it came with.
identifiers_with_another as (
    {% for kind in kinds %}
        select
            '{{ kind }}' as identifier_type,
            {{ kind }} as identifier,
            case
                {% for other in kinds if other not in (kind, "anonymous") %}
                    when {{ other }} is not null then '{{ other }}:' || {{ other }}
                {% endfor %}
            end as another,
            {{ identity_limit(kind) }} as max_others
        from sightings
        where {{ kind }} is not null
        {{ "union all" if not loop.last }}
    {% endfor %}
),

identifiers_with_others as (
    select
        identifier_type,
        identifier,
        max_others
    from identifiers_with_another
    group by identifier_type, identifier, max_others
    having min(another) <> max(another)
),

shared_identifiers as (
    select
        identifiers_with_others.identifier_type,
        identifiers_with_others.identifier,
        count(distinct identifiers_with_another.another) as count_others,
        identifiers_with_others.max_others
    from identifiers_with_others
    inner join identifiers_with_another
        on
            identifiers_with_others.identifier_type
            = identifiers_with_another.identifier_type
            and identifiers_with_others.identifier = identifiers_with_another.identifier
    group by
        identifiers_with_others.identifier_type,
        identifiers_with_others.identifier,
        identifiers_with_others.max_others
    having
        count(distinct identifiers_with_another.another)
        > identifiers_with_others.max_others
),

{# A slice has not got all the rows that an identifier is in (docs/decisions/0024). #}
{% set shared_before = existing("touched_shared") %}
int_identity_shared as (
    select * from shared_identifiers
    {% if shared_before is not none %}
        union all
        select * from {{ shared_before }}
        where (identifier_type, identifier) not in (
            select
                shared_identifiers.identifier_type,
                shared_identifiers.identifier
            from shared_identifiers
        )
    {% endif %}
)

select * from int_identity_shared
