-- Whoever is held out now is exactly the members in the variant control.
with

held_out as (
    select
        segment,
        customer_id
    from {{ ref("fct_segment_holdouts") }}
    where released_at is null
),

controls as (
    select
        segment,
        customer_id
    from {{ ref("fct_segment_members") }}
    where variant = 'control'
)

(
    select * from held_out
    except
    select * from controls
)

union all

(
    select * from controls
    except
    select * from held_out
)
