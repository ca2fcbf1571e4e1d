-- One row per raw grant or withdrawal of a consent, with the verdict on it.
{{ config(materialized="table") }}

with clock as (
    select * from {{ ref("int_clock") }}
),

consents as {{ not_materialized() }} (
    {{ union_systems("consents") }}
),

judged_consents as {{ not_materialized() }} (
    select
        consents.*,
        case
            when nullif(consent_id, '') is null then 'missing_key'
            when changed_at is null then 'missing_time'
            when
                nullif(account_id, '') is null and nullif(email, '') is null
                then 'missing_customer'
            when changed_at >= as_of then 'in_the_future'
            when
                channel is null
                or channel not in ('email', 'sms', 'push', 'post')
                or state is null
                or state not in ('granted', 'withdrawn')
                then 'unknown_value'
        end as reason
    from consents
    cross join clock
),

repeated_consents as (
    {{ repeated_rows("consents", "judged_consents", newest="changed_at") }}
),

int_consents_checked as (
    {{ rows_with_verdict("consents", "judged_consents", "repeated_consents") }}
)

select * from int_consents_checked
