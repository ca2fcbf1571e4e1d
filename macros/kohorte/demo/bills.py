"""What each order costs, and what is cancelled and sent back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kohorte.demo.baskets import VOUCHERS, Lines
from kohorte.demo.catalogue import Catalogue
from kohorte.demo.draw import NEVER, Flags, Ints, Rows, chance, lookup, positions, starts, within
from kohorte.demo.orders import APP, WEB, Orders
from kohorte.demo.people import People
from kohorte.demo.places import CITIES, TAX_PERMILLE
from kohorte.demo.seasons import DAY, Calendar

FREE_SHIPPING_FROM = 5_000
SHIPPING = 495
CANCELLED_SHARE = 0.035
#: How many of the last day's and of all older orders nobody has paid for.
UNPAID_LATELY, UNPAID = 0.4, 0.003
STATES = ("open", "paid", "shipped", "delivered", "returned", "cancelled")
OPEN, PAID, SHIPPED, DELIVERED, RETURNED, CANCELLED = range(6)


@dataclass(frozen=True)
class Bills:
    """Amounts of the orders in cents; `returned` are the pieces that came back per line."""

    returned: Ints
    goods: Ints
    discount: Ints
    tax: Ints
    shipping: Ints
    refunded: Ints
    state: Ints
    cancelled_at: Ints
    returned_at: Ints


def settle(
    orders: Orders,
    people: People,
    lines: Lines,
    catalogue: Catalogue,
    rng: np.random.Generator,
    calendar: Calendar,
) -> Bills:
    """Return the amounts of the orders, exactly the sums of their lines."""
    cancelled_at = _cancelled_at(orders, rng, calendar)
    sent_back, returned_at = _sent_back(orders, lines, catalogue, cancelled_at, rng, calendar)
    returned = np.where(sent_back, _returned(lines, rng), 0)
    first = starts(lines.count)
    goods = np.add.reduceat(lines.quantity * lines.price, first)
    discount = np.add.reduceat(lines.discount, first)
    permille = np.array([TAX_PERMILLE[city.country] for city in CITIES])
    net = goods - discount
    by_post = (orders.channel == WEB) | (orders.channel == APP)
    return Bills(
        returned=returned,
        goods=goods,
        discount=discount,
        tax=(net * permille[people.city[orders.person]] + 500) // 1000,
        shipping=np.where(by_post & (net < FREE_SHIPPING_FROM), SHIPPING, 0),
        refunded=np.add.reduceat(lines.total * returned // lines.quantity, first),
        state=_state(orders, cancelled_at, returned_at, rng, calendar),
        cancelled_at=cancelled_at,
        returned_at=returned_at,
    )


def order_rows(orders: Orders, lines: Lines, bills: Bills, identifiers: Rows) -> Rows:
    """Return one row per order, as the shop's own export has it."""
    return {
        "number": orders.number,
        **identifiers,
        "state": lookup(STATES)[bills.state],
        "currency": lookup(("EUR", "CHF"))[orders.is_swiss.astype(np.int64)],
        # The last is for no discount, at position -1.
        "voucher": lookup((*VOUCHERS, None))[lines.voucher],
        "goods": bills.goods,
        "discount": bills.discount,
        "tax": bills.tax,
        "shipping": bills.shipping,
        "refunded": bills.refunded,
        "placed_at": orders.placed_at,
        "cancelled_at": bills.cancelled_at,
        "refunded_at": bills.returned_at,
    }


def line_rows(orders: Orders, lines: Lines, bills: Bills, catalogue: Catalogue) -> Rows:
    """Return one row per order line, as the shop's own export has it."""
    returned_at = np.where(bills.returned > 0, bills.returned_at[lines.order], NEVER)
    return {
        "number": orders.number[lines.order],
        "position": 1 + positions(lines.count),
        "sku": catalogue.skus()[lines.product],
        "quantity": lines.quantity,
        "price": lines.price,
        "discount": lines.discount,
        "total": lines.total,
        "returned": bills.returned,
        "placed_at": orders.placed_at[lines.order],
        "returned_at": returned_at,
    }


def _cancelled_at(orders: Orders, rng: np.random.Generator, calendar: Calendar) -> Ints:
    """Return when some orders are cancelled, before the data ends."""
    size = len(orders)
    at = orders.placed_at + within(rng, 600, 2 * DAY, size)
    is_cancelled = chance(rng, CANCELLED_SHARE, size) & (at < calendar.end)
    return np.where(is_cancelled, at, NEVER)


def _sent_back(
    orders: Orders,
    lines: Lines,
    catalogue: Catalogue,
    cancelled_at: Ints,
    rng: np.random.Generator,
    calendar: Calendar,
) -> tuple[Flags, Ints]:
    """Return which lines come back, and when: all of an order in one parcel."""
    at = orders.placed_at + within(rng, 3 * DAY, 28 * DAY, len(orders))
    may_return = (at < calendar.end) & (cancelled_at == NEVER)
    wanted = chance(rng, catalogue.return_shares()[lines.product], len(lines.product))
    sent_back = wanted & may_return[lines.order]
    has_any = np.bincount(lines.order[sent_back], minlength=len(orders)) > 0
    return sent_back, np.where(has_any, at, NEVER)


def _returned(lines: Lines, rng: np.random.Generator) -> Ints:
    """Return how many pieces come back: all, or one where that makes whole cents."""
    parts = (lines.quantity > 1) & (lines.total % lines.quantity == 0)
    return np.where(parts & chance(rng, 0.5, len(parts)), 1, lines.quantity)


def _state(
    orders: Orders,
    cancelled_at: Ints,
    returned_at: Ints,
    rng: np.random.Generator,
    calendar: Calendar,
) -> Ints:
    """Return how far each order has got when the data ends."""
    age = calendar.end - orders.placed_at
    unpaid = chance(rng, np.where(age < DAY, UNPAID_LATELY, UNPAID), len(orders))
    state = np.select([age < DAY, age < 4 * DAY], [PAID, SHIPPED], DELIVERED)
    state = np.where(unpaid, OPEN, state)
    state = np.where(returned_at != NEVER, RETURNED, state)
    return np.where(cancelled_at != NEVER, CANCELLED, state).astype(np.int64)
