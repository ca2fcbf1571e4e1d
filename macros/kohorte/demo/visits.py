"""Who visits the web shop when, with which device, and how the visit ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kohorte.demo.baskets import Lines
from kohorte.demo.catalogue import Catalogue, favourites
from kohorte.demo.draw import ALWAYS_LATER, Ints, chance, pick, starts, within
from kohorte.demo.orders import Orders
from kohorte.demo.people import (
    ANONYMOUS_SLOT,
    DEVICE_WEIGHTS,
    LOOKER,
    NO_DEVICE,
    TABLET,
    VISITOR_SLOTS,
    People,
)
from kohorte.demo.seasons import DAY, Calendar, month_of

#: How a visit ends.
BROWSED, CARTED, CHECKED_OUT, PUT_BACK, ORDERED, SIGNED_UP, LOGGED_IN = range(7)
LEFT_BEHIND_WEIGHTS = (0, 42, 40, 18)
#: Visitors who stay anonymous, as a share of the people.
ANONYMOUS_SHARE = 0.5
#: The tablet in the store that many log in on, as visits in each chunk.
SHARED_DEVICE_VISITS = 40
SHARED_DEVICE_SHARE = 0.004
#: Its visitor id: smaller than any person's, as people are numbered from 1.
SHARED_VISITOR = 1
#: How long before registering people look around.
LOOK_AROUND = 60 * DAY


@dataclass(frozen=True)
class Visits:
    """Visits of one chunk; `person` is -1 for strangers, `order` for no order.

    The anchor is the time of the last event where a visit ends with an order, a
    registration or a login, and else of the first. From `known_from` on the visitor
    is logged in.
    """

    person: Ints
    visitor: Ints
    device: Ints
    ending: Ints
    product: Ints
    order: Ints
    anchor: Ints
    known_from: Ints

    def __len__(self) -> int:
        return len(self.visitor)


@dataclass(frozen=True)
class Scene:
    """What visits happen in: the people, their orders, the shelves, the time."""

    people: People
    orders: Orders
    lines: Lines
    catalogue: Catalogue
    calendar: Calendar
    #: When each device (rows, 2) is first logged in on.
    logins: Ints


def make_visits(scene: Scene, rng: np.random.Generator) -> Visits:
    """Return all visits of a chunk."""
    parts = (
        _orderings(scene),
        _signings(scene),
        _browsings(scene, rng),
        _forgettings(scene, rng),
        _strangers(scene, rng),
        _shared(scene, rng),
    )
    names = Visits.__dataclass_fields__
    return Visits(**{n: np.concatenate([getattr(part, n) for part in parts]) for n in names})


def device_logins(people: People, rng: np.random.Generator, calendar: Calendar) -> Ints:
    """Return when people first log in on each device (rows, 2); some never do."""
    size = len(people)
    end = calendar.full(size, calendar.end)
    first = np.where(people.has_account, people.registered_at, ALWAYS_LATER)
    earliest = np.clip(np.where(people.has_account, first, calendar.start), calendar.start, None)
    second = calendar.between(rng, np.minimum(earliest, end - 1), end)
    uses = people.has_account & (people.devices[:, 1] != NO_DEVICE) & chance(rng, 0.7, size)
    return np.stack([first, np.where(uses, second, ALWAYS_LATER)], axis=1)


def _visits(
    scene: Scene, person: Ints, device: Ints, ending: Ints, product: Ints, anchor: Ints
) -> Visits:
    """Return visits of people on their own devices (0 or 1)."""
    return Visits(
        person=person,
        visitor=scene.people.visitor(person, device),
        device=scene.people.devices[person, device],
        ending=ending,
        product=product,
        order=np.full(len(person), -1, dtype=np.int64),
        anchor=anchor,
        known_from=scene.logins[person, device],
    )


def _orderings(scene: Scene) -> Visits:
    """Return the visits that end with an order, of those who may be tracked."""
    order = np.flatnonzero(scene.orders.visitor > 0)
    person, visitor = scene.orders.person[order], scene.orders.visitor[order]
    device = visitor % VISITOR_SLOTS - 1
    product = scene.lines.product[starts(scene.lines.count)][order]
    return Visits(
        person=person,
        visitor=visitor,
        device=scene.orders.device[order],
        ending=np.full(len(order), ORDERED, dtype=np.int64),
        product=product,
        order=order,
        anchor=scene.orders.placed_at[order],
        known_from=scene.logins[person, device],
    )


def _signings(scene: Scene) -> Visits:
    """Return the visits in which people register, or log in on a second device."""
    seen = scene.people.is_tracked[:, None] & (scene.people.devices != NO_DEVICE)
    in_time = (scene.logins >= scene.calendar.start) & (scene.logins < scene.calendar.end)
    person, device = (part.astype(np.int64) for part in np.nonzero(seen & in_time))
    ending = np.where(device == 0, SIGNED_UP, LOGGED_IN)
    product = np.zeros(len(person), dtype=np.int64)
    return _visits(scene, person, device, ending, product, scene.logins[person, device])


def _browsings(scene: Scene, rng: np.random.Generator) -> Visits:
    """Return the visits that end with nothing, more of them of good customers."""
    people, calendar = scene.people, scene.calendar
    expected = 0.9 + 0.3 * np.minimum(people.order_count, 12) + 2.0 * (people.kind == LOOKER)
    count = np.where(people.is_tracked, rng.poisson(expected), 0)
    person = np.repeat(np.arange(len(people)), count)
    earliest = np.maximum(people.starts_at - LOOK_AROUND, calendar.start)[person]
    latest = np.minimum(people.quiet_at + 90 * DAY, calendar.end)[person]
    anchor = calendar.between(rng, earliest, latest)
    ending = np.full(len(person), BROWSED, dtype=np.int64)
    return _of_taste(scene, rng, person, ending, anchor)


def _forgettings(scene: Scene, rng: np.random.Generator) -> Visits:
    """Return the visits with a cart left behind, a fair part in the last week."""
    people, calendar = scene.people, scene.calendar
    count = np.where(people.is_tracked, rng.poisson(0.35, len(people)), 0)
    person = np.repeat(np.arange(len(people)), count)
    anchor = calendar.between(rng, people.starts_at[person], people.quiet_at[person])
    lately = np.flatnonzero(people.is_tracked & chance(rng, 0.012, len(people)))
    week = calendar.full(len(lately), calendar.end - 7 * DAY)
    week = np.minimum(np.maximum(week, people.starts_at[lately]), calendar.end - 1)
    recent = calendar.between(rng, week, calendar.full(len(lately), calendar.end))
    person, anchor = np.concatenate([person, lately]), np.concatenate([anchor, recent])
    ending = pick(rng, LEFT_BEHIND_WEIGHTS, len(person))
    return _of_taste(scene, rng, person, ending, anchor)


def _of_taste(
    scene: Scene, rng: np.random.Generator, person: Ints, ending: Ints, anchor: Ints
) -> Visits:
    """Return visits of people to what they like, on one of their devices."""
    people = scene.people
    has_second = people.devices[person, 1] != NO_DEVICE
    device = np.where(has_second & chance(rng, 0.35, len(person)), 1, 0)
    product = scene.catalogue.choose(
        rng, people.favourites[person], people.level[person], month_of(anchor)
    )
    return _visits(scene, person, device, ending, product, anchor)


def _strangers(scene: Scene, rng: np.random.Generator) -> Visits:
    """Return visits of people who never say who they are."""
    number = scene.people.number[: int(len(scene.people) * ANONYMOUS_SHARE)]
    count = 1 + rng.poisson(0.6, len(number))
    visitor = np.repeat(number, count) * VISITOR_SLOTS + ANONYMOUS_SLOT
    size = len(visitor)
    calendar = scene.calendar
    anchor = calendar.between(
        rng, calendar.full(size, calendar.start), calendar.full(size, calendar.end)
    )
    device = np.repeat(pick(rng, DEVICE_WEIGHTS, len(number)), count)
    level = rng.random(size)
    return Visits(
        person=np.full(size, -1, dtype=np.int64),
        visitor=visitor,
        device=device,
        ending=np.where(chance(rng, 0.08, size), CARTED, BROWSED),
        product=scene.catalogue.choose(rng, favourites(rng, size), level, month_of(anchor)),
        order=np.full(size, -1, dtype=np.int64),
        anchor=anchor,
        known_from=np.full(size, ALWAYS_LATER, dtype=np.int64),
    )


def _shared(scene: Scene, rng: np.random.Generator) -> Visits:
    """Return visits on the store's tablet: one visitor id, many who log in on it."""
    people, calendar = scene.people, scene.calendar
    wanted = min(SHARED_DEVICE_VISITS, round(len(people) * SHARED_DEVICE_SHARE) + 1)
    person = rng.permutation(np.flatnonzero(people.has_account))[:wanted]
    earliest = np.maximum(people.registered_at[person] + 1, calendar.start)
    earliest = np.minimum(earliest, calendar.end - 1)
    anchor = calendar.between(rng, earliest, calendar.full(len(person), calendar.end))
    product = within(rng, 0, len(scene.catalogue.cents), len(person))
    return Visits(
        person=person,
        visitor=np.full(len(person), SHARED_VISITOR, dtype=np.int64),
        device=np.full(len(person), TABLET, dtype=np.int64),
        ending=np.full(len(person), LOGGED_IN, dtype=np.int64),
        product=product,
        order=np.full(len(person), -1, dtype=np.int64),
        anchor=anchor,
        known_from=anchor,
    )
