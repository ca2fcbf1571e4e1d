-- One row per identifier, strongest identifier beside it and table they were seen in.
{{ config(materialized="table") }}
{% set kinds = identity_kinds() %}

with sightings as (
    select * from {{ ref("int_identity_sightings") }}
),

shared_identifiers as (
    select * from {{ ref("int_identity_shared") }}
),

judged_sightings as (
    select
        {% for kind in kinds %}
            shared_{{ kind }}.identifier is not null as is_{{ kind }}_shared,
        {% endfor %}
        sightings.*
    from sightings
    {% for kind in kinds %}
        left join shared_identifiers as shared_{{ kind }}
            on
                shared_{{ kind }}.identifier_type = '{{ kind }}'
                and sightings.{{ kind }} = shared_{{ kind }}.identifier
    {% endfor %}
),

-- What strangers share tells nothing: it is the strongest only where all are shared.
sightings_with_strongest as (
    select
        *,
        case
            {% for kind in kinds %}
                when {{ kind }} is not null and not is_{{ kind }}_shared
                    then '{{ kind }}'
            {% endfor %}
            {% for kind in kinds %}
                when {{ kind }} is not null then '{{ kind }}'
            {% endfor %}
        end as strongest_type
    from judged_sightings
),

identifiers_seen as (
    {% for kind in kinds %}
        select
            '{{ kind }}' as identifier_type,
            {{ kind }} as identifier,
            nullif(strongest_type, '{{ kind }}') as linked_type,
            case strongest_type
                {% for other in kinds if other != kind %}
                    when '{{ other }}' then {{ other }}
                {% endfor %}
            end as linked_identifier,
            through,
            count_sightings,
            is_{{ kind }}_shared as is_shared,
            first_seen_at,
            last_seen_at
        from sightings_with_strongest
        where {{ kind }} is not null
        {{ "union all" if not loop.last }}
    {% endfor %}
),

int_identity_seen as (
    select
        identifier_type,
        identifier,
        linked_type,
        linked_identifier,
        through,
        cast(sum(count_sightings) as bigint) as count_sightings,
        is_shared,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from identifiers_seen
    group by
        identifier_type,
        identifier,
        linked_type,
        linked_identifier,
        through,
        is_shared
)

select * from int_identity_seen
