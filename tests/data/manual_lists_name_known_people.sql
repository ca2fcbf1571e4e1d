-- Entries of manual lists that name nobody the project knows; a typing error, perhaps.
{{ config(severity="warn") }}

with manual_lists as (
    select * from {{ ref("manual_lists") }}
),

identity_map as (
    select * from {{ ref("int_identity_map") }}
),

entries_of_nobody as (
    select
        manual_lists.list,
        manual_lists.added_at
    from manual_lists
    where not exists (
        select 1
        from identity_map
        where
            identity_map.identifier in (
                trim(manual_lists.customer), lower(trim(manual_lists.customer))
            )
    )
)

select * from entries_of_nobody
