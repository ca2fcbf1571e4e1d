-- One row per manual list and customer who is on it at as_of.
with manual_lists as (
    select * from {{ ref("manual_lists") }}
),

identity_map as (
    select * from {{ ref("int_identity_map") }}
),

clock as (
    select * from {{ ref("int_clock") }}
),

int_list_members as (
    select distinct
        manual_lists.list as list_name,
        identity_map.customer_id
    from manual_lists
    inner join identity_map
        on
            identity_map.identifier = case
                when identity_map.identifier_type = 'email'
                    then lower(trim(manual_lists.customer))
                else trim(manual_lists.customer)
            end
            and identity_map.held_until is null
    cross join clock
    where
        coalesce(manual_lists.added_at < clock.as_of, true)
        and coalesce(manual_lists.expires_at >= clock.as_of, true)
)

select * from int_list_members
