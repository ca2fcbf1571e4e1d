-- One row per customer: what they were sent through each channel, and what they opened.
{{ config(materialized="table") }}
{% set channels = ["email", "sms", "push", "post"] %}
{% set outcomes = ["received", "opened", "clicked"] %}
{% set windows = ["30d", "90d", "365d"] %}

with customers as (
    select * from {{ ref("dim_customers") }}
),

messages as (
    select * from {{ ref("fct_messages") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

received_messages as (
    select
        messages.customer_id,
        messages.channel,
        true as is_received,
        messages.is_opened,
        messages.is_clicked,
        {% for window in ["1d", "7d"] + windows %}
            messages.sent_at >= windows.start_{{ window }}_at as is_in_{{ window }},
        {% endfor %}
        messages.sent_at
    from messages
    cross join windows
    where messages.customer_id is not null and not messages.is_bounced
),

messages_per_channel as (
    select
        customer_id,
        channel,
        {% for outcome in outcomes %}
            {% for window in windows %}
                count(*) filter (where is_in_{{ window }} and is_{{ outcome }})
                    as count_{{ outcome }}_{{ window }},
            {% endfor %}
        {% endfor %}
        {% for window in ["1d", "7d"] %}
            count(*) filter (where is_in_{{ window }}) as count_received_{{ window }},
        {% endfor %}
        max(sent_at) as last_sent_at
    from received_messages
    group by customer_id, channel
),

messages_per_customer as (
    select
        customer_id,
        {% for channel in channels %}
            {% for outcome in outcomes %}
                {% for window in windows %}
                    sum(
                        case
                            when channel = '{{ channel }}'
                                then count_{{ outcome }}_{{ window }}
                        end
                    ) as count_{{ channel }}_{{ outcome }}_{{ window }},
                {% endfor %}
            {% endfor %}
        {% endfor %}
        {% for outcome in outcomes %}
            {% for window in windows %}
                sum(count_{{ outcome }}_{{ window }})
                    as count_messages_{{ outcome }}_{{ window }},
            {% endfor %}
        {% endfor %}
        {% for window in ["1d", "7d"] %}
            sum(count_received_{{ window }}) as count_messages_received_{{ window }},
        {% endfor %}
        max(last_sent_at) as last_message_at
    from messages_per_channel
    group by customer_id
),

int_customer_message_features as (
    select
        customers.customer_id,
        {% for sender in ["messages"] + channels %}
            {% for outcome in outcomes %}
                {% for window in windows %}
                    {% set count = ["count", sender, outcome, window] | join("_") %}
                    cast(coalesce(messages_per_customer.{{ count }}, 0) as bigint)
                        as {{ count }},
                {% endfor %}
            {% endfor %}
        {% endfor %}
        {% for window in ["1d", "7d"] %}
            cast(
                coalesce(messages_per_customer.count_messages_received_{{ window }}, 0)
                as bigint
            ) as count_messages_received_{{ window }},
        {% endfor %}
        {% for sender in ["messages"] + channels %}
            {% for outcome in ["opened", "clicked"] %}
                {{ ratio(
                    "messages_per_customer.count_" ~ sender ~ "_" ~ outcome ~ "_365d",
                    "messages_per_customer.count_" ~ sender ~ "_received_365d"
                ) }} as share_{{ sender }}_{{ outcome }}_365d,
            {% endfor %}
        {% endfor %}
        {% for outcome in ["opened", "clicked"] %}
            {{ ratio(
                "messages_per_customer.count_messages_" ~ outcome ~ "_90d",
                "messages_per_customer.count_messages_received_90d"
            ) }} as share_messages_{{ outcome }}_90d,
        {% endfor %}
        messages_per_customer.last_message_at
    from customers
    left join messages_per_customer
        on customers.customer_id = messages_per_customer.customer_id
)

select * from int_customer_message_features
