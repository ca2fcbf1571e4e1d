"""What is in each order: products, quantities, prices and what is taken off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kohorte.demo.catalogue import Catalogue
from kohorte.demo.draw import Ints, chance, pick, running, starts
from kohorte.demo.orders import Orders
from kohorte.demo.people import People
from kohorte.demo.seasons import month_of

LINE_WEIGHTS = (46, 26, 14, 7, 4, 2, 1)
QUANTITY_WEIGHTS = (80, 13, 4, 2, 1)
#: Per cent off, and the voucher for it; the last is a sale that needs no voucher.
DISCOUNTS = (5, 10, 15, 20, 25, 20)
VOUCHERS = ("NEWS5", "WELCOME10", "SPRING15", "LOYAL20", "FLASH25", None)
DISCOUNT_WEIGHTS = (22, 30, 20, 16, 12, 0)
SALE = 5
NO_DISCOUNT = -1
SALE_MONTHS, SALE_SHARE = (0, 6), 0.35
#: A Swiss price in thousandths of the same figure in euros, rounded to five.
SWISS_PERMILLE = 1_090


@dataclass(frozen=True)
class Lines:
    """The lines of a chunk's orders, in the order of the orders; money in cents.

    `count` and `voucher` are per order: its lines, and the position of its discount.
    """

    order: Ints
    count: Ints
    voucher: Ints
    product: Ints
    quantity: Ints
    price: Ints
    discount: Ints
    total: Ints


def fill_baskets(
    orders: Orders, people: People, catalogue: Catalogue, rng: np.random.Generator
) -> Lines:
    """Return the lines of the orders, each after its part of the order's discount."""
    count = _line_count(orders, people, rng)
    order = np.repeat(np.arange(len(orders)), count)
    person = orders.person[order]
    month = month_of(orders.placed_at)
    product = catalogue.choose(rng, people.favourites[person], people.level[person], month[order])
    quantity = 1 + pick(rng, QUANTITY_WEIGHTS, len(order))
    price = catalogue.cents[product]
    price = np.where(orders.is_swiss[order], price * SWISS_PERMILLE // 5_000 * 5, price)
    voucher = _voucher(orders, people, month, rng)
    discount = _discount(quantity * price, count, voucher)
    total = quantity * price - discount
    return Lines(order, count, voucher, product, quantity, price, discount, total)


def _line_count(orders: Orders, people: People, rng: np.random.Generator) -> Ints:
    """Return how many lines each order has; some people always take more."""
    extra = rng.poisson(people.extra_lines[orders.person])
    return 1 + pick(rng, LINE_WEIGHTS, len(orders)) + extra


def _voucher(orders: Orders, people: People, month: Ints, rng: np.random.Generator) -> Ints:
    """Return the position of each order's discount, or none."""
    size = len(orders)
    uses = chance(rng, people.coupon_share[orders.person], size)
    in_sale = np.isin(month, SALE_MONTHS) & chance(rng, SALE_SHARE, size)
    voucher = np.where(uses, pick(rng, DISCOUNT_WEIGHTS, size), NO_DISCOUNT)
    return np.where(in_sale & ~uses, SALE, voucher)


def _discount(worth: Ints, count: Ints, voucher: Ints) -> Ints:
    """Return the part of each line in its order's discount, without rounding loss.

    A line gets the rounded discount of all lines up to it, minus the one before it.
    """
    percent = np.where(voucher == NO_DISCOUNT, 0, np.array(DISCOUNTS)[voucher])
    reached = (running(worth, count) * np.repeat(percent, count) + 50) // 100
    discount = np.diff(reached, prepend=0)
    first = starts(count)
    discount[first] = reached[first]
    return np.asarray(discount)
