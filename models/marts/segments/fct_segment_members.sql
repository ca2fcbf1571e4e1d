-- One row per segment and customer who is in it now.
with

int_segment_members__customer as (
    select * from {{ ref("int_segment_members__customer") }}
),

int_segment_definitions as (
    select * from {{ ref("int_segment_definitions") }}
),

int_clock as (
    select * from {{ ref("int_clock") }}
),

fct_segment_members as (
    select
        int_segment_members__customer.segment,
        int_segment_members__customer.customer_id,
        int_segment_members__customer.through,
        int_segment_members__customer.variant,
        int_segment_definitions.definition_hash,
        int_clock.as_of
    from int_segment_members__customer
    inner join int_segment_definitions
        on int_segment_members__customer.segment = int_segment_definitions.segment
    cross join int_clock
)

select * from fct_segment_members
