"""Who orders when and where, and with which of their identifiers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kohorte.demo.dirt import IN_PLACE
from kohorte.demo.draw import (
    NEVER,
    Flags,
    Ints,
    Rows,
    Texts,
    chance,
    lookup,
    pick,
    positions,
    where_true,
)
from kohorte.demo.people import ACCOUNT, GUEST, NO_DEVICE, PHONE, People
from kohorte.demo.places import CITIES, STORES
from kohorte.demo.profiles import Profiles
from kohorte.demo.seasons import DAY, Calendar

CHANNELS = ("web", "app", "pos", "phone", "marketplace")
CHANNEL_WEIGHTS = (60, 19, 13, 3, 5)
WEB, APP, STORE, CALL, MARKETPLACE = range(5)
#: What a till enters when it insists on an address: one that strangers share.
TILL_EMAIL = "till@shop.example.com"
TILL_EMAIL_SHARE = 0.03


@dataclass(frozen=True)
class Orders:
    """The orders of one chunk, by person and time: who, when, where, known how."""

    person: Ints
    number: Ints
    channel: Ints
    account: Ints
    card: Ints
    visitor: Ints
    device: Ints
    is_swiss: Flags
    has_till_email: Flags
    placed_at: Ints

    def __len__(self) -> int:
        return len(self.number)


def place_orders(
    people: People, first_number: int, rng: np.random.Generator, calendar: Calendar
) -> Orders:
    """Return everybody's orders, before anybody put something into the basket."""
    person = np.repeat(np.arange(len(people)), people.order_count)
    placed_at = _times(people, person, rng, calendar)
    by_time = np.lexsort((placed_at, person))
    person, placed_at = person[by_time], placed_at[by_time]
    size = len(person)
    device = _device(people, person, rng)
    channel = _channel(people, person, device, rng)
    shows_card = (channel == STORE) & chance(rng, 0.85, size)
    is_online = (channel == WEB) | (channel == APP)
    logged_in = _logged_in(people, person, placed_at, channel, rng)
    seen = people.is_tracked[person] & is_online
    swiss = np.array([city.country in ("CH", "LI") for city in CITIES])
    return Orders(
        person=person,
        number=first_number + np.arange(size, dtype=np.int64),
        channel=channel,
        account=np.where(logged_in, people.number[person], 0),
        card=np.where(shows_card, people.number[person], 0),
        visitor=np.where(seen, people.visitor(person, device), 0),
        device=np.where(is_online, people.devices[person, device], NO_DEVICE),
        is_swiss=swiss[people.city[person]],
        has_till_email=(channel == STORE) & chance(rng, TILL_EMAIL_SHARE, size),
        placed_at=placed_at,
    )


def identifier_columns(
    orders: Orders, people: People, profiles: Profiles, rng: np.random.Generator
) -> Rows:
    """Return what each order tells about who placed it."""
    size = len(orders)
    person = orders.person
    is_messy = chance(rng, IN_PLACE["orders"]["messy_email"], size) & (orders.channel != STORE)
    email = np.where(is_messy, profiles.typed_email[person], profiles.email[person])
    email = where_true(orders.channel != STORE, email)
    gives_phone = (orders.channel == CALL) | ((orders.account == 0) & chance(rng, 0.4, size))
    gives_phone &= orders.channel != STORE
    country = lookup([city.country for city in CITIES])[people.city[person]]
    return {
        "account": orders.account,
        "email": np.where(orders.has_till_email, TILL_EMAIL, email),
        "phone": where_true(gives_phone, profiles.typed_phone[person]),
        "card": orders.card,
        "visitor": orders.visitor,
        "country": country,
        "channel": lookup(CHANNELS)[orders.channel],
        "shop_code": _shop_codes(orders, country),
        "messy_email": is_messy,
    }


def _times(people: People, person: Ints, rng: np.random.Generator, calendar: Calendar) -> Ints:
    """Return when each order is placed; a new customer's first one comes at once."""
    latest = np.maximum(people.quiet_at, np.minimum(people.starts_at + DAY, calendar.end))
    earliest = people.starts_at[person]
    placed_at = calendar.between(rng, earliest, latest[person], people.skew[person])
    wait = (rng.exponential(2.0, len(person)) * DAY).astype(np.int64)
    wait = np.where(people.kind[person] == ACCOUNT, 60 + wait, 0)
    wait = np.where(earliest + wait < calendar.end, wait, 0)
    is_first = (positions(people.order_count) == 0) & ~people.is_old[person]
    return np.where(is_first, earliest + wait, placed_at)


def _device(people: People, person: Ints, rng: np.random.Generator) -> Ints:
    """Return which of their devices (0 or 1) people use."""
    has_second = people.devices[person, 1] != NO_DEVICE
    return np.where(has_second & chance(rng, 0.3, len(person)), 1, 0)


def _channel(people: People, person: Ints, device: Ints, rng: np.random.Generator) -> Ints:
    """Return where people order: stores want a card, the app a phone and an account."""
    channel = pick(rng, CHANNEL_WEIGHTS, len(person))
    on_phone = people.devices[person, device] == PHONE
    only_phone = on_phone & (people.devices[person, 1] == NO_DEVICE)
    channel = np.where((channel == WEB) & only_phone, APP, channel)
    may_use_app = on_phone & (people.kind[person] == ACCOUNT)
    channel = np.where((channel == APP) & ~may_use_app, WEB, channel)
    return np.where((channel == STORE) & ~people.has_card[person], WEB, channel)


def _logged_in(
    people: People, person: Ints, placed_at: Ints, channel: Ints, rng: np.random.Generator
) -> Flags:
    """Return which orders name an account: the app's always, the web's mostly."""
    registered = (people.kind[person] != GUEST) & (people.registered_at[person] != NEVER)
    registered &= placed_at >= people.registered_at[person]
    habit = np.array([0.9, 1.0, 0.0, 0.8, 0.0])[channel]
    return np.asarray(registered & chance(rng, habit, len(person)))


def _shop_codes(orders: Orders, country: Texts) -> Texts:
    """Return the store of each order at a till, the customer's usual one."""
    codes = np.full(len(orders), None, dtype=object)
    for place in np.flatnonzero(orders.channel == STORE).tolist():
        stores = STORES.get(country[place], STORES["AT"])
        codes[place] = stores[int(orders.person[place]) % len(stores)]
    return codes
