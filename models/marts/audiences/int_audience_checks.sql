-- One row per audience and customer in its segments, with what keeps the customer out.
with

definitions as (
    select * from {{ ref("int_audience_definitions") }}
    where state = 'fresh'
),

candidates as (
    select * from {{ ref("int_audience_candidates") }}
),

customers as (
    select * from {{ ref("dim_customers") }}
),

channels as (
    select * from {{ ref("dim_customer_channels") }}
),

messages as (
    select * from {{ ref("fct_messages") }}
),

holdouts as (
    select distinct
        segment,
        customer_id
    from {{ ref("fct_segment_holdouts") }}
    where released_at is null
),

addresses as (
    select
        customer_id,
        'email' as channel,
        email as address,
        email like '%_@_%._%'
        and email not like '% %'
        and email not like '%@%@%' as is_valid
    from customers
    union all
    select
        customer_id,
        'sms' as channel,
        phone as address,
        phone is not null as is_valid
    from customers
    union all
    select
        customer_id,
        'push' as channel,
        customer_id as address,
        true as is_valid
    from customers
    union all
    select
        customer_id,
        'post' as channel,
        customer_id as address,
        city is not null and postcode is not null as is_valid
    from customers
),

-- Whoever took the consent back, or is out of reach, under any address of the channel.
refused as (
    select
        channels.customer_id,
        channels.channel,
        addresses.address
    from channels
    left join addresses
        on
            channels.customer_id = addresses.customer_id
            and channels.channel = addresses.channel
    where
        channels.is_bouncing
        or (
            not channels.is_permitted
            and (
                coalesce(channels.consent_state = 'withdrawn', false)
                or channels.last_unsubscribed_at is not null
            )
        )
),

refused_addresses as (
    select distinct
        channel,
        address
    from refused
    where address is not null
),

capped as (
    select
        definitions.audience,
        messages.customer_id
    from definitions
    inner join messages
        on
            definitions.channel = messages.channel
            and definitions.capped_since <= messages.sent_at
    where definitions.cap_at_most is not null and messages.customer_id is not null
    group by definitions.audience, messages.customer_id, definitions.cap_at_most
    having count(*) >= definitions.cap_at_most
),

held_out as (
    select distinct
        definitions.audience,
        holdouts.customer_id
    from definitions
    inner join holdouts
        on {{ list_has("definitions.segments", "holdouts.segment") }}
),

judged as (
    select
        candidates.audience,
        candidates.customer_id,
        candidates.fields,
        definitions.channel,
        definitions.priority,
        definitions.min_members,
        addresses.address,
        case
            when candidates.is_held_out or held_out.customer_id is not null
                then 'held_out'
            when
                refused.customer_id is not null
                or refused_addresses.address is not null
                then 'suppressed'
            when not coalesce(channels.is_permitted, false) then 'no_consent'
            when not coalesce(addresses.is_valid, false) then 'no_valid_address'
            when capped.customer_id is not null then 'capped'
        end as reason
    from candidates
    inner join definitions
        on candidates.audience = definitions.audience
    left join addresses
        on
            candidates.customer_id = addresses.customer_id
            and definitions.channel = addresses.channel
    left join channels
        on
            candidates.customer_id = channels.customer_id
            and definitions.channel = channels.channel
    left join refused
        on
            candidates.customer_id = refused.customer_id
            and definitions.channel = refused.channel
    left join refused_addresses
        on
            definitions.channel = refused_addresses.channel
            and addresses.address = refused_addresses.address
    left join held_out
        on
            candidates.audience = held_out.audience
            and candidates.customer_id = held_out.customer_id
    left join capped
        on
            candidates.audience = capped.audience
            and candidates.customer_id = capped.customer_id
),

-- One address is one reader: the first customer who has it is in.
told_apart as (
    select
        *,
        coalesce(reason, case
            when
                row_number() over (
                    partition by audience, address, reason
                    order by customer_id
                ) > 1
                then 'duplicate_address'
        end) as reason_apart
    from judged
),

-- Of the audiences of a channel with a priority, the lowest number has the reader.
in_line as (
    select
        *,
        coalesce(reason_apart, case
            when
                priority is not null
                and row_number() over (
                    partition by channel, address, priority is null, reason_apart
                    order by priority, audience
                ) > 1
                then 'other_audience'
        end) as reason_in_line
    from told_apart
),

counted as (
    select
        *,
        count(case when reason_in_line is null then 1 end) over (
            partition by audience
        ) as count_left
    from in_line
),

int_audience_checks as (
    select
        audience,
        customer_id,
        channel,
        address,
        fields,
        coalesce(reason_in_line, case
            when count_left < min_members then 'below_minimum'
        end) as reason
    from counted
)

select * from int_audience_checks
