-- One row per customer with a signal of interest: their lead score.
{{ config(materialized="table") }}

with visitor_points as (
    select * from {{ ref("int_visitor_lead_points") }}
),

messages as (
    select * from {{ ref("fct_messages") }}
),

consents as (
    select * from {{ ref("fct_consents") }}
),

answers as (
    select * from {{ ref("fct_answers") }}
),

weights as (
    select * from {{ ref("int_lead_score_weights") }}
),

signals as (
    select
        customer_id,
        'message_opened' as signal,
        opened_at as signalled_at
    from messages
    where opened_at is not null
    union all
    select
        customer_id,
        'message_clicked' as signal,
        clicked_at as signalled_at
    from messages
    where clicked_at is not null
    union all
    select
        customer_id,
        'consent_granted' as signal,
        changed_at as signalled_at
    from consents
    where state = 'granted'
    union all
    select
        customer_id,
        'question_answered' as signal,
        answered_at as signalled_at
    from answers
),

points as (
    select
        signals.customer_id,
        sum(weights.weight) as lead_points
    from signals
    inner join weights
        on
            signals.signal = weights.signal
            and {{ local_date("signals.signalled_at") }} = weights.signal_date
    where signals.customer_id is not null
    group by signals.customer_id
    union all
    select
        visitor_id as customer_id,
        lead_points
    from visitor_points
    where is_customer
),

int_customer_lead_scores as (
    select
        customer_id,
        cast(sum(lead_points) as decimal(18, 2)) as lead_score
    from points
    group by customer_id
)

select * from int_customer_lead_scores
