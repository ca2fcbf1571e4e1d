"""What the shop sells: categories, brands, price levels, and who picks what when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kohorte.demo.draw import Floats, Ints, Rows, Texts, chance, lookup, pick, stream

PRODUCTS_PER_SHELF = 40
LEVELS = ("basic", "standard", "premium")


class Category(NamedTuple):
    """One top category: what is in it, what it costs, how often it comes back."""

    code: str
    title: str
    shelves: tuple[str, ...]
    brands: tuple[str, ...]
    cheapest: float
    dearest: float
    share: float
    return_share: float
    #: How much better it sells from January to December.
    months: tuple[float, ...]


EVEN = (1.0,) * 12
CATEGORIES = (
    Category(
        "fashion", "Fashion", ("T-shirts", "Dresses", "Jeans", "Jackets", "Knitwear"),
        ("Nordlicht", "Lindfaden", "Atelier Blau", "Karo & Co", "Webstuhl"),
        12, 190, 24, 0.26, (0.9, 0.9, 1.1, 1.2, 1.1, 1, 0.9, 0.9, 1.2, 1.2, 1.1, 1),
    ),
    Category(
        "shoes", "Shoes", ("Sneakers", "Boots", "Sandals", "Running shoes", "Slippers"),
        ("Tritt", "Sohlenwerk", "Wegweiser", "Gipfelschuh"),
        25, 220, 16, 0.24, (0.9, 0.9, 1.1, 1.2, 1.1, 1, 0.9, 0.9, 1.1, 1.2, 1.1, 1),
    ),
    Category(
        "home", "Home", ("Kitchen", "Bedding", "Lighting", "Storage", "Decoration"),
        ("Stube", "Herdwerk", "Lichtung", "Hausbrand", "Eichblatt"),
        8, 160, 20, 0.06, (1, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.9, 1, 1.1, 1.4, 1.6),
    ),
    Category(
        "sports", "Sports", ("Cycling", "Yoga", "Hiking", "Swimming", "Winter sports"),
        ("Gratlauf", "Radlust", "Wellenschlag", "Steilhang"),
        10, 320, 13, 0.09, (1.4, 1.1, 1, 1.1, 1.2, 1.2, 1.1, 0.9, 0.8, 0.8, 0.9, 1.2),
    ),
    Category(
        "garden", "Garden", ("Plants", "Tools", "Garden furniture", "Watering"),
        ("Grünfink", "Spaten & Sohn", "Laube"),
        5, 280, 9, 0.04, (0.3, 0.5, 1.4, 2.1, 2, 1.5, 1.1, 0.9, 0.8, 0.6, 0.3, 0.3),
    ),
    Category(
        "pets", "Pets", ("Dogs", "Cats", "Aquarium", "Small animals"),
        ("Pfote", "Schnurr", "Napf & Korb"), 4, 80, 8, 0.03, EVEN,
    ),
    Category(
        "books", "Books", ("Novels", "Children", "Cooking", "Travel", "Gardening"),
        ("Seitenwind", "Lesezeit", "Kapitel Eins"),
        6, 42, 10, 0.02, (0.9, 0.8, 0.8, 0.9, 0.9, 1, 1.2, 1.1, 0.9, 1, 1.3, 2.2),
    ),
)  # fmt: skip
CODES = tuple(category.code for category in CATEGORIES)


@dataclass(frozen=True)
class Catalogue:
    """Every product in a row, sorted by category and, inside one, by price."""

    category: Ints
    shelf: Ints
    brand: Ints
    cents: Ints
    first: Ints
    size: Ints

    def choose(
        self, rng: np.random.Generator, favourites: Ints, level: Floats, month: Ints
    ) -> Ints:
        """Return a product each for people of some taste (rows, 2), wallet and month."""
        size = len(level)
        mood = rng.random(size)
        category = _in_season(rng, month)
        category = np.where(mood < 0.62, favourites[:, 1], category)
        category = np.where(mood < 0.40, favourites[:, 0], category)
        return self.choose_in(rng, category, level)

    def choose_in(self, rng: np.random.Generator, category: Ints, level: Floats) -> Ints:
        """Return a product of each category, at about the price level (0 to 1)."""
        size = len(level)
        shelf_place = np.clip(level + 0.35 * (rng.random(size) - rng.random(size)), 0, 0.999)
        # One in six takes what everybody takes: a few products sell a lot.
        popular = 0.999 * rng.random(size) ** 3
        # Baskets fill with small things: the dear end of a shelf sells less.
        place = np.where(chance(rng, 1 / 6, size), popular, shelf_place**1.7)
        return self.first[category] + (place * self.size[category]).astype(np.int64)

    def skus(self) -> Texts:
        """Return the article number of every product."""
        return lookup(
            [f"{CODES[c][:2].upper()}-{1000 + n}" for n, c in enumerate(self.category.tolist())]
        )

    def return_shares(self) -> Floats:
        """Return how likely a bought line of each product comes back."""
        shares = np.array([category.return_share for category in CATEGORIES])
        return np.asarray(shares[self.category])


def make_catalogue(seed: int) -> Catalogue:
    """Return the shop's products, the same for every size of the demo."""
    rng = stream(seed, "catalogue")
    size = np.array([len(c.shelves) * PRODUCTS_PER_SHELF for c in CATEGORIES], dtype=np.int64)
    category = np.repeat(np.arange(len(CATEGORIES)), size)
    low = np.log([c.cheapest for c in CATEGORIES])[category]
    high = np.log([c.dearest for c in CATEGORIES])[category]
    euros = np.exp(low + (high - low) * rng.random(len(category)))
    cents = np.maximum(100, np.rint(euros * 2) * 50).astype(np.int64) - 5
    order = np.lexsort((cents, category))
    shelves = np.array([len(c.shelves) for c in CATEGORIES])[category]
    brands = np.array([len(c.brands) for c in CATEGORIES])[category]
    return Catalogue(
        category=category,
        shelf=(rng.random(len(category)) * shelves).astype(np.int64),
        brand=(rng.random(len(category)) * brands).astype(np.int64),
        cents=cents[order],
        first=np.cumsum(size) - size,
        size=size,
    )


def product_rows(catalogue: Catalogue) -> Rows:
    """Return one row per product, as the shop's own export has it."""
    entries = zip(
        catalogue.category.tolist(), catalogue.shelf.tolist(), catalogue.brand.tolist(), strict=True
    )
    titles, paths, brands = [], [], []
    for number, (category, shelf, brand) in enumerate(entries):
        kind = CATEGORIES[category]
        titles.append(f"{kind.brands[brand]} {kind.shelves[shelf]} {number + 1}")
        paths.append(f"{kind.title} > {kind.shelves[shelf]}")
        brands.append(kind.brands[brand])
    first, size = catalogue.first[catalogue.category], catalogue.size[catalogue.category]
    level = (np.arange(len(titles)) - first) * len(LEVELS) // size
    return {
        "sku": catalogue.skus(),
        "title": lookup(titles),
        "breadcrumb": lookup(paths),
        "category_code": lookup([code.upper() for code in CODES])[catalogue.category],
        "brand": lookup(brands),
        "price_level": lookup(LEVELS)[level],
        "cents": catalogue.cents,
    }


def favourites(rng: np.random.Generator, size: int) -> Ints:
    """Return the two favourite categories of each person (rows, 2)."""
    shares = [category.share for category in CATEGORIES]
    return np.stack([pick(rng, shares, size), pick(rng, shares, size)], axis=1)


def _in_season(rng: np.random.Generator, month: Ints) -> Ints:
    """Return a category each, as it sells in the month."""
    weights = np.array([[c.share * factor for factor in c.months] for c in CATEGORIES]).T
    edges = np.cumsum(weights, axis=1)
    edges /= edges[:, -1:]
    draw = rng.random(len(month))
    category = np.zeros(len(month), dtype=np.int64)
    for step in range(len(CATEGORIES) - 1):
        category += draw >= edges[month, step]
    return category
