-- One row if messages received in a year are lost or counted twice in the features.
with features as (
    select * from {{ ref("dim_customer_features") }}
),

messages as (
    select * from {{ ref("fct_messages") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

sums_of_features as (
    select
        coalesce(sum(count_messages_received_365d), 0) as count_received,
        coalesce(sum(count_messages_clicked_365d), 0) as count_clicked
    from features
),

sums_of_messages as (
    select
        count(*) as count_received,
        count(messages.clicked_at) as count_clicked
    from messages
    cross join windows
    where
        messages.customer_id is not null
        and messages.sent_at >= windows.start_365d_at
        and not messages.is_bounced
),

messages_add_up_to_features as (
    select sums_of_features.*
    from sums_of_features
    cross join sums_of_messages
    where
        sums_of_features.count_received <> sums_of_messages.count_received
        or sums_of_features.count_clicked <> sums_of_messages.count_clicked
)

select * from messages_add_up_to_features
