"""Who was held out of a split, since when, and which branches would have fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.history.shop import Customer, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path).create()


def offer(control: int, **keys: Any) -> dict[str, Any]:
    """Return a segment that holds a percentage of its members out."""
    variants = {"control": control, "offer": 100 - control}
    return {"where": {"revenue": {"gte": 1}}, "split": {"seed": "s", "variants": variants}, **keys}


def holdouts(shop: Shop, segment: str) -> list[tuple[Any, ...]]:
    """Return customer, day held out and day released, in order."""
    return shop.query(
        f"""
        select customer_id, strftime(held_out_at, '%m-%d'), strftime(released_at, '%m-%d')
        from fct_segment_holdouts where segment = '{segment}' order by all
        """
    )


def test_holdouts_are_recorded_until_released(shop: Shop) -> None:
    shop.customers = {"ann": Customer(10), "bob": Customer(0), "cyd": Customer(10)}
    shop.declare({"spring": offer(100)})
    shop.built("2026-01-01")
    shop.customers["bob"].revenue = 10
    shop.customers["cyd"].revenue = 0
    shop.built("2026-01-02")
    held = [("ann", "01-01", None), ("bob", "01-02", None), ("cyd", "01-01", "01-02")]
    assert holdouts(shop, "spring") == held
    before = shop.tables()
    shop.built("2026-01-02")
    assert shop.tables() == before

    shop.declare({"summer": offer(100, was="spring")})
    shop.customers["cyd"].revenue = 10
    shop.built("2026-01-03")
    assert holdouts(shop, "spring") == []
    assert holdouts(shop, "summer") == [*held, ("cyd", "01-03", None)]

    shop.customers.pop("bob")
    shop.merges = {"bob": "cyd"}
    shop.built("2026-01-04")
    assert holdouts(shop, "summer") == [("ann", "01-01", None), ("cyd", "01-01", None)]

    shop.declare({"summer": offer(0)})
    shop.built("2026-01-05")
    shop.declare({"other": {"where": {"revenue": {"gte": 1}}}})
    shop.built("2026-01-06")
    assert holdouts(shop, "summer") == [("ann", "01-01", "01-05"), ("cyd", "01-01", "01-05")]
    assert shop.stays("summer") == [("ann", "01-01", "01-06"), ("cyd", "01-01", "01-06")]


def test_a_run_repeated_on_other_data_takes_its_holdouts_back(shop: Shop) -> None:
    shop.declare({"spring": offer(100)})
    shop.customers = {"ann": Customer(10), "bob": Customer(0)}
    shop.built("2026-01-01")
    shop.customers = {"ann": Customer(0), "bob": Customer(10)}
    shop.built("2026-01-02")
    assert holdouts(shop, "spring") == [("ann", "01-01", "01-02"), ("bob", "01-02", None)]
    shop.customers = {"ann": Customer(10), "bob": Customer(0)}
    shop.built("2026-01-02")
    assert holdouts(shop, "spring") == [("ann", "01-01", None)]


def test_branches_that_would_have_fit_are_told(shop: Shop) -> None:
    shop.customers = {"ann": Customer(900), "bob": Customer(90), "cyd": Customer(9)}
    shop.declare(
        {f"over_{n}": {"where": {"revenue": {"gte": n}}} for n in (10, 100)},
        waterfalls={"message": {"first_match": ["over_100", "over_10"]}},
    )
    shop.built("2026-01-01")
    found = shop.query("select customer_id, branch, position, is_won from fct_segment_branches")
    assert sorted(found) == [
        ("ann", "message__over_10", 2, False),
        ("ann", "message__over_100", 1, True),
        ("bob", "message__over_10", 2, True),
    ]
    assert shop.run("2026-01-02", command="build").success
