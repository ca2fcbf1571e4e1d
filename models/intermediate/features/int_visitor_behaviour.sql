-- One row per customer or anonymous visitor with an event: what they do on web and app.
{{ config(materialized="table") }}
{% set measures = ["page_views", "product_views", "searches"] %}

with events as {{ not_materialized() }} (
    select * from {{ ref("fct_events") }}
),

windows as (
    select * from {{ ref("int_feature_windows") }}
),

events_of_visitors as {{ not_materialized() }} (
    select
        events.customer_id is not null as is_customer,
        coalesce(events.customer_id, events.anonymous_id) as visitor_id,
        events.session_id,
        events.event_name,
        events.device_type,
        events.category,
        events.event_name in ('page_viewed', 'category_viewed', 'product_viewed')
            as is_of_page_views,
        events.event_name = 'product_viewed' as is_of_product_views,
        events.event_name = 'searched' as is_of_searches,
        {% for window in ["7d", "30d", "90d", "365d"] %}
            events.occurred_at >= windows.start_{{ window }}_at as is_in_{{ window }},
        {% endfor %}
        events.occurred_date,
        events.occurred_at
    from events
    cross join windows
    where events.customer_id is not null or events.anonymous_id is not null
),

totals as (
    select
        is_customer,
        visitor_id,
        {% for measure in measures %}
            {% for window in ["30d", "90d"] %}
                count(*) filter (
                    where is_in_{{ window }} and is_of_{{ measure }}
                ) as count_{{ measure }}_{{ window }},
            {% endfor %}
        {% endfor %}
        count(device_type) filter (where is_in_90d) as count_device_events,
        count(*) filter (where is_in_90d and device_type = 'mobile')
            as count_mobile_events,
        min(occurred_date) as first_seen_date,
        max(occurred_date) as last_seen_date,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at
    from events_of_visitors
    group by is_customer, visitor_id
),

sessions as (
    select
        is_customer,
        visitor_id,
        {% for window in ["7d", "30d", "90d"] %}
            max(case when is_in_{{ window }} then 1 else 0 end) as is_in_{{ window }},
        {% endfor %}
        session_id
    from events_of_visitors
    where is_in_365d and session_id is not null
    group by is_customer, visitor_id, session_id
),

sessions_per_visitor as (
    select
        is_customer,
        visitor_id,
        {% for window in ["7d", "30d", "90d"] %}
            sum(is_in_{{ window }}) as count_sessions_{{ window }},
        {% endfor %}
        count(*) as count_sessions_365d
    from sessions
    group by is_customer, visitor_id
),

devices as (
    select distinct
        is_customer,
        visitor_id,
        device_type
    from events_of_visitors
    where is_in_90d and device_type is not null
),

devices_per_visitor as (
    select
        is_customer,
        visitor_id,
        {{ sorted_list("device_type") }} as device_types
    from devices
    group by is_customer, visitor_id
),

categories as (
    select
        is_customer,
        visitor_id,
        category,
        row_number() over (
            partition by is_customer, visitor_id
            order by count(*) desc, max(occurred_at) desc, category asc
        ) as preference,
        max(case when is_in_30d then 1 else 0 end) = 1 as is_in_30d
    from events_of_visitors
    where
        is_in_90d
        and event_name in ('product_viewed', 'category_viewed')
        and category is not null
    group by is_customer, visitor_id, category
),

categories_per_visitor as (
    select
        is_customer,
        visitor_id,
        {{ sorted_list("category") }} as categories_90d,
        {{ sorted_list("case when is_in_30d then category end") }} as categories_30d,
        max(case when preference = 1 then category end) as top_category
    from categories
    group by is_customer, visitor_id
),

int_visitor_behaviour as (
    select
        totals.visitor_id,
        categories_per_visitor.top_category as top_category_browsed_90d,
        {% for window in ["7d", "30d", "90d", "365d"] %}
            cast(
                coalesce(sessions_per_visitor.count_sessions_{{ window }}, 0) as bigint
            ) as count_sessions_{{ window }},
        {% endfor %}
        {% for measure in measures %}
            {% for window in ["30d", "90d"] %}
                totals.count_{{ measure }}_{{ window }},
            {% endfor %}
        {% endfor %}
        {{ ratio("totals.count_mobile_events", "totals.count_device_events") }}
            as share_mobile_events_90d,
        {{ list_or_empty("categories_per_visitor.categories_30d") }}
            as categories_browsed_30d,
        {{ list_or_empty("categories_per_visitor.categories_90d") }}
            as categories_browsed_90d,
        {{ list_or_empty("devices_per_visitor.device_types") }} as device_types_90d,
        totals.is_customer,
        totals.first_seen_date,
        totals.last_seen_date,
        totals.first_seen_at,
        totals.last_seen_at
    from totals
    {% for part in ["sessions", "devices", "categories"] %}
        left join {{ part }}_per_visitor
            on
                totals.is_customer = {{ part }}_per_visitor.is_customer
                and totals.visitor_id = {{ part }}_per_visitor.visitor_id
    {% endfor %}
)

select * from int_visitor_behaviour
