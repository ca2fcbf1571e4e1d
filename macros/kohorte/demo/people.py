"""Who there is: how people come, how often they buy, and when they go quiet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kohorte.demo.catalogue import favourites
from kohorte.demo.draw import NEVER, Flags, Floats, Ints, chance, pick, within
from kohorte.demo.places import CITIES
from kohorte.demo.seasons import DAY, YEAR, Calendar

#: Has an account and buys; has one and never bought; buys without one; begins as a
#: guest and registers later.
ACCOUNT, LOOKER, GUEST, CONVERT = range(4)
KIND_WEIGHTS = (68, 14, 12, 6)

DESKTOP, PHONE, TABLET = range(3)
DEVICE_WEIGHTS = (50, 40, 10)
NO_DEVICE = -1
#: Visitor ids of one person: a shared device, the first and second own device, and
#: one of a visitor who stays anonymous.
VISITOR_SLOTS = 4
ANONYMOUS_SLOT = 3

MOST_ORDERS = 200
#: How many account holders came before the period.
OLD_SHARE = 0.22


class Style(NamedTuple):
    """One way to be a customer."""

    name: str
    weight: float
    orders_per_year: float
    years: float
    coupon_share: float
    extra_lines: float
    level: float


STYLES = (
    Style("one_time", 28, 0.0, 0.1, 0.30, 0.0, 0.40),
    Style("occasional", 34, 1.6, 1.6, 0.20, 0.0, 0.45),
    Style("regular", 18, 4.6, 2.4, 0.18, 0.1, 0.50),
    Style("loyal", 8, 11.0, 4.0, 0.15, 0.2, 0.55),
    Style("whale", 0.8, 22.0, 5.0, 0.05, 1.6, 0.85),
    Style("declining", 4.2, 12.0, 2.0, 0.15, 0.5, 0.70),
    Style("discount_hunter", 7, 4.5, 2.0, 0.85, 0.1, 0.35),
)
NAMES = tuple(style.name for style in STYLES)
DECLINING = NAMES.index("declining")
#: How much earlier a declining customer buys than evenly.
DECLINE_SKEW = 2.0


@dataclass(frozen=True)
class People:
    """Everybody of one chunk, a person a position."""

    number: Ints
    kind: Ints
    style: Ints
    city: Ints
    order_count: Ints
    favourites: Ints
    devices: Ints
    level: Floats
    coupon_share: Floats
    extra_lines: Floats
    skew: Floats
    is_old: Flags
    has_card: Flags
    is_tracked: Flags
    starts_at: Ints
    quiet_at: Ints
    registered_at: Ints

    def __len__(self) -> int:
        return len(self.number)

    @property
    def has_account(self) -> Flags:
        """Who has an account by the end."""
        return np.asarray(self.registered_at != NEVER)

    def visitor(self, person: Ints, device: Ints) -> Ints:
        """Return the visitor id of people's devices (0 or 1)."""
        return self.number[person] * VISITOR_SLOTS + 1 + device


def populate(first: int, size: int, rng: np.random.Generator, calendar: Calendar) -> People:
    """Return `size` people, numbered from `first`."""
    kind = pick(rng, KIND_WEIGHTS, size)
    style = pick(rng, [style.weight for style in STYLES], size)
    is_old = chance(rng, OLD_SHARE, size) & np.isin(kind, (ACCOUNT, LOOKER))
    starts_at = _starts(rng, calendar, kind, style, is_old)
    quiet_at = _quiet(rng, calendar, style, starts_at)
    registered_at = _registered(rng, calendar, kind, starts_at, is_old)
    columns = {name: np.array([getattr(s, name) for s in STYLES])[style] for name in _TRAITS}
    return People(
        number=np.arange(first, first + size, dtype=np.int64),
        kind=kind,
        style=style,
        city=pick(rng, [city.weight for city in CITIES], size),
        order_count=_order_count(rng, kind, style, starts_at, quiet_at),
        favourites=favourites(rng, size),
        devices=_devices(rng, size),
        level=np.clip(columns["level"] + 0.2 * rng.standard_normal(size), 0, 1),
        coupon_share=columns["coupon_share"],
        extra_lines=columns["extra_lines"],
        skew=np.where(style == DECLINING, DECLINE_SKEW, 1.0),
        is_old=is_old,
        has_card=chance(rng, np.where(kind == LOOKER, 0.25, 0.6), size) & (kind != GUEST),
        is_tracked=chance(rng, 0.6, size),
        starts_at=starts_at,
        quiet_at=quiet_at,
        registered_at=registered_at,
    )


_TRAITS = ("level", "coupon_share", "extra_lines")


def _starts(
    rng: np.random.Generator, calendar: Calendar, kind: Ints, style: Ints, is_old: Flags
) -> Ints:
    """Return when each person first turns up in the period."""
    size = len(kind)
    start, end = calendar.full(size, calendar.start), calendar.full(size, calendar.end)
    # Who declines must have had time to spend before.
    latest = np.where(style == DECLINING, start + int(1.2 * YEAR), end)
    latest = np.where(kind == CONVERT, np.minimum(latest, end - 2 * DAY), latest)
    return np.where(is_old, start, calendar.between(rng, start, latest))


def _quiet(rng: np.random.Generator, calendar: Calendar, style: Ints, starts_at: Ints) -> Ints:
    """Return when each person stops buying, at the latest the end."""
    size = len(style)
    years = np.array([entry.years for entry in STYLES])[style]
    quiet_at = starts_at + (rng.exponential(years) * YEAR).astype(np.int64)
    declined_at = calendar.end - within(rng, 100 * DAY, 330 * DAY, size)
    quiet_at = np.where(style == DECLINING, declined_at, quiet_at)
    return np.clip(quiet_at, starts_at + 1, calendar.end)


def _registered(
    rng: np.random.Generator, calendar: Calendar, kind: Ints, starts_at: Ints, is_old: Flags
) -> Ints:
    """Return when each person registered; guests never did."""
    size = len(kind)
    end = calendar.full(size, calendar.end)
    old = starts_at - within(rng, DAY, 5 * YEAR, size)
    converted = calendar.between(rng, np.minimum(starts_at + DAY, end - 1), end)
    registered_at = np.where(is_old, old, starts_at)
    registered_at = np.where(kind == CONVERT, converted, registered_at)
    return np.where(kind == GUEST, NEVER, registered_at).astype(np.int64)


def _order_count(
    rng: np.random.Generator, kind: Ints, style: Ints, starts_at: Ints, quiet_at: Ints
) -> Ints:
    """Return how many orders each person places, most of them few."""
    rate = np.array([entry.orders_per_year for entry in STYLES])[style]
    temper = rng.gamma(2.0, 0.5, len(kind))
    expected = rate * temper * (quiet_at - starts_at) / YEAR
    count = np.minimum(1 + rng.poisson(expected), MOST_ORDERS)
    return np.where(kind == LOOKER, 0, count).astype(np.int64)


def _devices(rng: np.random.Generator, size: int) -> Ints:
    """Return the kinds of each person's devices (rows, 2), the second often missing."""
    first = np.where(chance(rng, 0.25, size), PHONE, pick(rng, DEVICE_WEIGHTS, size))
    has_second = chance(rng, 0.4, size) & ~chance(rng, np.where(first == PHONE, 0.5, 0), size)
    second = np.where(first == PHONE, DESKTOP, PHONE)
    return np.stack([first, np.where(has_second, second, NO_DEVICE)], axis=1)
