"""What happens during each visit, event by event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kohorte.demo.campaigns import MAIL, Campaigns
from kohorte.demo.catalogue import CODES, Catalogue
from kohorte.demo.draw import (
    Flags,
    Ints,
    Rows,
    Texts,
    chance,
    lookup,
    pick,
    positions,
    running,
    where_true,
)
from kohorte.demo.orders import Orders
from kohorte.demo.people import DESKTOP, People
from kohorte.demo.seasons import Calendar
from kohorte.demo.visits import LOGGED_IN, ORDERED, Visits

ACTIONS = (
    "page", "category", "search", "promo", "product",
    "add_to_cart", "remove_from_cart", "checkout", "purchase", "signup", "login",
)  # fmt: skip
PAGE, CATEGORY, SEARCH, PROMO, PRODUCT, ADD, REMOVE, CHECKOUT, PURCHASE, SIGNUP, LOGIN = range(11)
#: The address of each action's page; products and categories add their own part.
PATHS = (
    "/", "/c/", "/search", "/deals", "/p/",
    "/p/", "/cart", "/checkout", "/thanks", "/register", "/login",
)  # fmt: skip
FIRST_WEIGHTS = (42, 24, 14, 10, 10)
LATER_WEIGHTS = (9, 13, 9, 0, 69)
#: What ends a visit, by its ending, after looking around; -1 is nothing.
TAILS = np.array(
    [
        (-1, -1, -1),
        (ADD, -1, -1),
        (ADD, CHECKOUT, -1),
        (ADD, REMOVE, -1),
        (ADD, CHECKOUT, PURCHASE),
        (SIGNUP, -1, -1),
        (LOGIN, -1, -1),
    ],
    dtype=np.int64,
)
#: How many events of looking around each ending has on average after the first.
MORE_LOOKS = np.array([2.4, 1.6, 1.6, 1.6, 1.1, 0.4, 0.4])
TERMS = (
    "sneakers", "gift", "sale", "jacket", "dog bed", "lamp", "yoga mat", "novel",
    "raised bed", "sandals", "pan", "backpack",
)  # fmt: skip
DEVICES = ("desktop", "phone", "tablet")
#: Per device, the operating system and browser of every ten visitors.
SOFTWARE = (
    ["Windows Chrome"] * 4 + ["Windows Edge"] * 2 + ["macOS Safari"] * 2
    + ["Windows Firefox", "Linux Firefox"],
    ["iOS Safari"] * 4 + ["Android Chrome"] * 4 + ["Android Firefox", "iOS Chrome"],
    ["iOS Safari"] * 6 + ["Android Chrome"] * 4,
)  # fmt: skip
#: The share of visits that come through a campaign's link.
LINKED_SHARE = 0.12


@dataclass(frozen=True)
class _Steps:
    """Events of all visits in a row: which visit, which action, when."""

    visit: Ints
    action: Ints
    place: Ints
    at: Ints


def event_rows(
    visits: Visits,
    people: People,
    orders: Orders,
    catalogue: Catalogue,
    campaigns: Campaigns,
    first_number: int,
    rng: np.random.Generator,
    calendar: Calendar,
) -> Rows:
    """Return one row per event, as the shop's own export has it."""
    steps = _kept(_steps(visits, rng), calendar)
    visit, action = steps.visit, steps.action
    size = len(visit)
    known = (visits.person[visit] >= 0) & (steps.at >= visits.known_from[visit])
    product, has_product = _products(visits, steps, catalogue, rng)
    has_category = has_product | (action == CATEGORY)
    order = np.append(orders.number, 0)[visits.order[visit]]
    category = lookup([code.upper() for code in CODES])[catalogue.category[product]]
    sku = where_true(has_product, catalogue.skus()[product])
    return {
        "number": first_number + np.arange(size, dtype=np.int64),
        "visitor": visits.visitor[visit],
        "account": np.where(known, people.number[visits.person[visit]], 0),
        "visit": first_number + visit,
        "action": lookup(ACTIONS)[action],
        "path": lookup(PATHS)[action],
        "sku": sku,
        "category": where_true(has_category, category),
        "campaign": _campaign_codes(visits, steps, campaigns, rng),
        "order": np.where(action == PURCHASE, order, 0),
        "term": where_true(action == SEARCH, lookup(TERMS)[product % len(TERMS)]),
        "happened_at": steps.at,
        **_technology(visits, visit),
    }


def _steps(visits: Visits, rng: np.random.Generator) -> _Steps:
    """Return the events of the visits: some looking around, then the ending."""
    more = rng.geometric(1 / (1 + MORE_LOOKS[visits.ending])) - 1
    looks = 1 + np.minimum(more, 20)
    tail = np.count_nonzero(TAILS[visits.ending] >= 0, axis=1)
    count = (looks + tail).astype(np.int64)
    visit = np.repeat(np.arange(len(visits)), count)
    place = positions(count)
    into_tail = place - looks[visit]
    ending = visits.ending[visit]
    action = _looking(place, rng)
    # Whoever puts something into the cart has looked at it just before.
    action = np.where((into_tail == -1) & (TAILS[ending, 0] == ADD), PRODUCT, action)
    action = np.where(into_tail >= 0, TAILS[ending, np.maximum(into_tail, 0)], action)
    gap = 4 + (rng.exponential(50.0, len(visit))).astype(np.int64)
    passed = running(np.where(place == 0, 0, gap), count)
    last = passed[np.cumsum(count) - 1]
    shift = visits.anchor - np.where(visits.ending >= ORDERED, last, 0)
    return _Steps(visit, action, into_tail, shift[visit] + passed)


def _looking(place: Ints, rng: np.random.Generator) -> Ints:
    """Return what people do while they look around: first arrive, then see products."""
    size = len(place)
    return np.where(place == 0, pick(rng, FIRST_WEIGHTS, size), pick(rng, LATER_WEIGHTS, size))


def _kept(steps: _Steps, calendar: Calendar) -> _Steps:
    """Return the events inside the period: the export ends at midnight."""
    inside = (steps.at >= calendar.start) & (steps.at < calendar.end)
    return _Steps(steps.visit[inside], steps.action[inside], steps.place[inside], steps.at[inside])


def _products(
    visits: Visits, steps: _Steps, catalogue: Catalogue, rng: np.random.Generator
) -> tuple[Ints, Flags]:
    """Return a product per event, and whether the event is about it."""
    wanted = visits.product[steps.visit]
    category = catalogue.category[wanted]
    other = catalogue.choose_in(rng, category, rng.random(len(category)))
    # The product in the cart is the one looked at last.
    product = np.where(steps.place >= -1, wanted, other)
    return product, np.isin(steps.action, (PRODUCT, ADD, REMOVE))


def _campaign_codes(
    visits: Visits, steps: _Steps, campaigns: Campaigns, rng: np.random.Generator
) -> Texts:
    """Return the campaign that a visit's first event came through, else null."""
    linked = chance(rng, LINKED_SHARE, len(visits)) & (visits.ending != LOGGED_IN)
    medium = np.full(len(visits), MAIL, dtype=np.int64)
    latest = campaigns.up_to(medium, visits.anchor) - 1
    is_first = np.diff(steps.visit, prepend=-1) != 0
    shown = is_first & (linked & (latest >= 0))[steps.visit]
    return where_true(shown, campaigns.code[latest[steps.visit]])


def _technology(visits: Visits, visit: Ints) -> Rows:
    """Return device, operating system and browser, the same for a visitor always."""
    device = np.maximum(visits.device, DESKTOP)
    # Any fixed scattering of the visitor ids does.
    scatter = (visits.visitor * 2_654_435_761 % 2**32 >> 7) % 10
    pairs = [[software.split(" ") for software in choices] for choices in SOFTWARE]
    table = np.array(pairs, dtype=object)
    return {
        "device": lookup(DEVICES)[device][visit],
        "os": table[device, scatter, 0][visit],
        "browser": table[device, scatter, 1][visit],
    }
