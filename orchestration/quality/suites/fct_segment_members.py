"""Expectations of who is in which segment."""

from __future__ import annotations

from orchestration.quality.expectations import Suite, is_present, no_rows

SUITE = Suite(
    "fct_segment_members",
    (
        is_present("segment"),
        is_present("customer_id"),
        no_rows(
            "nobody_is_in_a_segment_twice",
            "There is one row per segment and customer.",
            "select 1 as unexpected from tested group by segment, customer_id having count(*) > 1",
        ),
        no_rows(
            "sizes_are_those_of_dim_segments",
            "Each segment has as many members as dim_segments says.",
            "select 1 as unexpected from dim_segments full outer join"
            " (select segment, count(*) as members from tested group by segment)"
            " as counted on dim_segments.segment = counted.segment"
            " where dim_segments.segment is null"
            " or dim_segments.members <> coalesce(counted.members, 0)",
        ),
        no_rows(
            "members_are_customers",
            "Everybody in a segment is a customer.",
            "select 1 as unexpected from tested"
            " left join dim_customers on tested.customer_id = dim_customers.customer_id"
            " where dim_customers.customer_id is null",
        ),
    ),
)
