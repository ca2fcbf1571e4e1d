"""The tables with a row for a raw row, and how both are told apart."""

from __future__ import annotations

#: The key of a raw row of each canonical table, as the macro `row_key` writes it.
RAW_KEYS = {
    "answers": "answer_id",
    "consents": "consent_id",
    "customers": "account_id",
    "events": "event_id",
    "messages": "message_id",
    "order_lines": (
        "coalesce(nullif(order_id, ''), '?') || '/' || coalesce(cast(line_number as varchar), '?')"
    ),
    "orders": "order_id",
    "points": "entry_id",
    "referrals": "referral_id",
}
#: Facts whose rows may be nobody's, each with the key that names the system and the raw row,
#: and the canonical table that it is of. Lines come and go with their order.
FACTS = {
    "fct_answers": ("answer_id", "answers"),
    "fct_consents": ("consent_id", "consents"),
    "fct_events": ("event_id", "events"),
    "fct_messages": ("message_id", "messages"),
    "fct_order_lines": ("order_id", "orders"),
    "fct_orders": ("order_id", "orders"),
    "fct_points": ("point_entry_id", "points"),
    "fct_referrals": ("referral_id", "referrals"),
}
#: The fact that knows visitors besides customers.
EVENTS = "fct_events"


def keys_of(canonical: str, warehouse: str = "") -> str:
    """Return the query of the keys of the raw rows that the slice was made of.

    `warehouse` is a prefix with a dot, where the slice is attached.
    """
    if canonical == "events":
        return f"select event_id as key from {warehouse}{EVENTS}"
    key = f"system || ':' || {RAW_KEYS[canonical]}"
    return f"select {key} as key from {warehouse}int_{canonical}_checked"
