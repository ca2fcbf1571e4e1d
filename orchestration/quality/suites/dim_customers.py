"""Expectations of who the customers are and how they can be reached."""

from __future__ import annotations

from orchestration.quality.expectations import (
    Suite,
    as_before,
    has_form,
    has_rows,
    is_between,
    is_key,
    is_one_of,
    never,
    no_rows,
)

SUITE = Suite(
    "dim_customers",
    (
        has_rows(),
        *as_before("dim_customers"),
        *is_key("customer_id"),
        no_rows(
            "everybody_is_in_the_identity_map",
            "The customers are exactly those of int_identity_map.",
            "select 1 as unexpected from tested full outer join"
            " (select distinct customer_id from int_identity_map) as people"
            " on tested.customer_id = people.customer_id"
            " where tested.customer_id is null or people.customer_id is null",
        ),
        never(
            "who_is_reachable_has_an_address",
            "Who can be reached by e-mail or text message has an address or a number.",
            "is_email_reachable and email is null or is_sms_reachable and phone is null",
        ),
        never(
            "is_registered_or_a_guest",
            "Everybody is either registered or a guest.",
            "is_registered = is_guest",
        ),
        no_rows(
            "nobody_comes_from_the_future",
            "Nobody was seen or registered at or after as_of.",
            "select 1 as unexpected from tested cross join int_clock"
            " where first_seen_at >= as_of or registered_at >= as_of",
        ),
        is_one_of("gender", ("female", "male", "other")),
        is_one_of("preferred_channel", ("email", "sms", "push", "post")),
        is_between("latitude", -90, 90),
        is_between("longitude", -180, 180),
        has_form("email", "[^@\\s]+@[^@\\s]+"),
        has_form("country", "[A-Z][A-Z]"),
        has_form("language", "[a-z][a-z]"),
    ),
)
