"""What is wrong with the demo's raw rows, on purpose and at known rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kohorte.demo.draw import NEVER, Ints, Rows, within
from kohorte.demo.seasons import DAY

#: Rows added to a table, as shares of its clean rows.
ADDED: dict[str, dict[str, float]] = {
    "accounts": {"duplicate": 0.002, "missing_key": 0.001, "future_clock": 0.001},
    "orders": {
        "duplicate": 0.002,
        "missing_key": 0.001,
        "future_clock": 0.001,
        "negative_amount": 0.001,
        "unknown_currency": 0.0005,
    },
    "order_items": {"duplicate": 0.001, "missing_key": 0.0005, "negative_amount": 0.0005},
    "web_events": {"duplicate": 0.002, "missing_key": 0.0005, "future_clock": 0.0005},
    "loyalty_ledger": {"duplicate": 0.001, "missing_key": 0.0005, "future_clock": 0.0005},
    "messages": {"duplicate": 0.001, "missing_key": 0.0005, "future_clock": 0.0005},
    "consent_log": {"duplicate": 0.001, "missing_key": 0.001, "future_clock": 0.001},
    "survey_answers": {"duplicate": 0.002, "missing_key": 0.001, "future_clock": 0.001},
}
#: Values spoiled inside good rows, as shares of them.
IN_PLACE: dict[str, dict[str, float]] = {
    "accounts": {"messy_email": 0.05, "placeholder_birthday": 0.03},
    "orders": {"messy_email": 0.03},
}
#: The code that stands for no currency at all.
UNKNOWN_CURRENCY = "XXX"
#: How far wrong clocks run ahead of the end of the data, in days.
CLOCK_AHEAD_DAYS = 400


@dataclass(frozen=True)
class Shape:
    """The columns of a table that dirt touches."""

    key: str
    renumbered: str
    time: str
    other_times: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()


SHAPES = {
    "accounts": Shape("number", "number", "created_at"),
    "orders": Shape("number", "number", "placed_at", ("cancelled_at", "refunded_at"), ("goods",)),
    "order_items": Shape("number", "position", "placed_at", (), ("total",)),
    "web_events": Shape("number", "number", "happened_at"),
    "loyalty_ledger": Shape("number", "number", "booked_at"),
    "messages": Shape(
        "number",
        "number",
        "sent_at",
        ("delivered_at", "opened_at", "clicked_at", "unsubscribed_at", "bounced_at"),
    ),
    "consent_log": Shape("number", "number", "logged_at"),
    "survey_answers": Shape("number", "number", "answered_at"),
}

Counts = dict[str, int]


def soil(
    table: str, rows: Rows, rng: np.random.Generator, end: int, spare_number: int
) -> tuple[Rows, Counts]:
    """Return a chunk of a table with its dirt, and how much of each kind there is.

    Added rows are copies of clean ones. Those that are no duplicates get numbers from
    `spare_number` on, which no clean row uses. The flags of values spoiled in place
    are counted over all rows, copies included.
    """
    size = len(next(iter(rows.values())))
    wanted = {kind: round(rate * size) for kind, rate in ADDED.get(table, {}).items()}
    copies = {kind: rng.permutation(size)[:count] for kind, count in wanted.items()}
    index = np.concatenate([np.arange(size, dtype=np.int64), *copies.values()])
    soiled: Rows = {name: column[index] for name, column in rows.items()}
    at = size
    for kind, count in wanted.items():
        added = slice(at, at + count)
        if kind != "duplicate":
            numbers = spare_number + np.arange(at - size, at - size + count, dtype=np.int64)
            _renumber(soiled, SHAPES[table], added, numbers)
        _SPOILERS[kind](soiled, SHAPES[table], added, rng, end)
        at += count
    return soiled, wanted | _spoiled_in_place(table, soiled)


def _spoiled_in_place(table: str, rows: Rows) -> Counts:
    """Return how many rows carry each flag of a value spoiled in place."""
    return {kind: int(np.count_nonzero(rows[kind])) for kind in IN_PLACE.get(table, {})}


def _renumber(rows: Rows, shape: Shape, added: slice, numbers: Ints) -> None:
    """Give added rows numbers of their own."""
    rows[shape.renumbered][added] = numbers


def _leave(rows: Rows, shape: Shape, added: slice, rng: np.random.Generator, end: int) -> None:
    """Leave added rows as they are."""


def _drop_key(rows: Rows, shape: Shape, added: slice, rng: np.random.Generator, end: int) -> None:
    """Take the key away."""
    rows[shape.key][added] = 0


def _run_ahead(rows: Rows, shape: Shape, added: slice, rng: np.random.Generator, end: int) -> None:
    """Set the clock past the end of the data."""
    count = added.stop - added.start
    rows[shape.time][added] = end + within(rng, 3600, CLOCK_AHEAD_DAYS * DAY, count)
    for name in shape.other_times:
        rows[name][added] = NEVER


def _negate(rows: Rows, shape: Shape, added: slice, rng: np.random.Generator, end: int) -> None:
    """Turn amounts below zero."""
    for name in shape.amounts:
        rows[name][added] = -np.maximum(rows[name][added], 1)


def _lose_currency(
    rows: Rows, shape: Shape, added: slice, rng: np.random.Generator, end: int
) -> None:
    """Write a currency that nobody knows."""
    rows["currency"][added] = UNKNOWN_CURRENCY


_SPOILERS = {
    "duplicate": _leave,
    "missing_key": _drop_key,
    "future_clock": _run_ahead,
    "negative_amount": _negate,
    "unknown_currency": _lose_currency,
}
