"""The loyalty programme's ledger: points earned, spent, given and run out."""

from __future__ import annotations

import numpy as np

from kohorte.demo.bills import OPEN, Bills
from kohorte.demo.draw import (
    NEVER,
    Flags,
    Ints,
    Rows,
    chance,
    lookup,
    pick,
    positions,
    running,
    where_true,
)
from kohorte.demo.orders import Orders
from kohorte.demo.people import People
from kohorte.demo.seasons import DAY, Calendar

KINDS = ("E", "R", "X", "A")
EARNED, REDEEMED, EXPIRED, ADJUSTED = range(4)
REWARDS = ("tote bag", "cinema ticket", "free shipping", "5 euro voucher", "coffee for two")
REWARD_WEIGHTS = (15, 10, 30, 35, 10)
#: Points are booked when an order can no longer be sent back.
BOOKING_DELAY = 29 * DAY
#: Points are spent in portions, and run out when nothing was earned for two years.
PORTION = 100
EXPIRY = 730 * DAY
WELCOME_POINTS, WELCOME_SHARE = 50, 0.5


def ledger_rows(
    people: People,
    orders: Orders,
    bills: Bills,
    first_number: int,
    rng: np.random.Generator,
    calendar: Calendar,
) -> Rows:
    """Return one row per ledger entry; nobody ever spends more than they have."""
    order = np.flatnonzero(_earns(people, orders, bills, calendar))
    earned = (bills.goods - bills.discount - bills.refunded)[order] // 100
    order, earned = order[earned > 0], earned[earned > 0]
    person = orders.person[order]
    at = orders.placed_at[order] + BOOKING_DELAY
    count = np.bincount(person, minlength=len(people)).astype(np.int64)
    spent = _spent(person, earned, count, rng)
    spent_at = _after(at, count, rng, calendar)
    spent = np.where(spent_at < calendar.end, spent, 0)
    parts = [
        _entries(person, EARNED, earned, at, order),
        _entries(person, REDEEMED, -spent, spent_at),
        _welcomes(people, rng, calendar),
        _expiries(people, count, person, earned - spent, at, calendar),
    ]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return _written(rows, people, orders, first_number, rng)


def _earns(people: People, orders: Orders, bills: Bills, calendar: Calendar) -> Flags:
    """Return which orders earn points: those of card holders, after registering."""
    registered_at = people.registered_at[orders.person]
    is_member = people.has_card[orders.person] & (registered_at <= orders.placed_at)
    is_member &= (orders.account > 0) | (orders.card > 0)
    settled = (bills.cancelled_at == NEVER) & (bills.state != OPEN)
    in_time = orders.placed_at + BOOKING_DELAY < calendar.end
    return np.asarray(is_member & settled & in_time)


def _spent(person: Ints, earned: Ints, count: Ints, rng: np.random.Generator) -> Ints:
    """Return the points spent after each earning: a person's share, in portions."""
    saver = chance(rng, 0.45, len(count))
    share = np.where(saver, 0.0, 0.3 + 0.65 * rng.random(len(count)))
    reached = running(earned, count) * share[person] // PORTION
    portions = np.diff(reached.astype(np.int64), prepend=0)
    is_first = positions(count) == 0
    portions[is_first] = reached.astype(np.int64)[is_first]
    return np.asarray(portions * PORTION)


def _after(at: Ints, count: Ints, rng: np.random.Generator, calendar: Calendar) -> Ints:
    """Return an instant after each earning and before the person's next."""
    following = np.append(at[1:], calendar.end)
    is_last = positions(count) == np.repeat(count, count) - 1
    latest = np.where(is_last, at + 200 * DAY, following)
    room = np.maximum(latest - at - 1, 1)
    return at + 1 + np.asarray(rng.random(len(at)) * room).astype(np.int64)


def _welcomes(people: People, rng: np.random.Generator, calendar: Calendar) -> Rows:
    """Return the points that some members got for registering."""
    lucky = people.has_card & (people.registered_at >= calendar.start)
    person = np.flatnonzero(lucky & chance(rng, WELCOME_SHARE, len(people)))
    points = np.full(len(person), WELCOME_POINTS, dtype=np.int64)
    return _entries(person, ADJUSTED, points, people.registered_at[person])


def _expiries(
    people: People, count: Ints, person: Ints, gain: Ints, at: Ints, calendar: Calendar
) -> Rows:
    """Return what runs out: everything earned and unspent, long after the last earning."""
    balance = np.bincount(person, weights=gain, minlength=len(people)).astype(np.int64)
    last = np.cumsum(count) - 1
    latest = np.where(count > 0, np.append(at, 0)[np.maximum(last, 0)], calendar.end)
    late = np.flatnonzero((latest + EXPIRY < calendar.end) & (balance > 0))
    return _entries(late, EXPIRED, -balance[late], latest[late] + EXPIRY)


def _entries(person: Ints, kind: int, points: Ints, at: Ints, order: Ints | None = None) -> Rows:
    """Return entries of one kind; those about no points are left out."""
    real = points != 0
    orders = np.full(len(person), -1, dtype=np.int64) if order is None else order
    return {
        "person": person[real],
        "kind": np.full(int(real.sum()), kind, dtype=np.int64),
        "points": points[real],
        "order": orders[real],
        "booked_at": at[real],
    }


def _written(
    rows: Rows, people: People, orders: Orders, first_number: int, rng: np.random.Generator
) -> Rows:
    """Return entries by time, with numbers, as the shop's own export has them."""
    by_time = np.argsort(rows["booked_at"], kind="stable")
    rows = {name: column[by_time] for name, column in rows.items()}
    size = len(by_time)
    kind = rows["kind"].astype(np.int64)
    reward = lookup(REWARDS)[pick(rng, REWARD_WEIGHTS, size)]
    return {
        "number": first_number + np.arange(size, dtype=np.int64),
        "account": people.number[rows["person"].astype(np.int64)],
        "kind": lookup(KINDS)[kind],
        "reward": where_true(kind == REDEEMED, reward),
        "order": np.append(orders.number, 0)[rows["order"].astype(np.int64)],
        "points": rows["points"],
        "booked_at": rows["booked_at"],
    }
