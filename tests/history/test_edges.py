"""Renames, snapshots and broken specs where two of them meet."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.history.shop import Customer, Shop

BIG = {"where": {"revenue": {"gte": 500}}}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path).create()


def test_an_heir_that_has_a_history_of_its_own_keeps_that(shop: Shop) -> None:
    shop.customers = {"ann": Customer(600), "bob": Customer(60), "cyd": Customer(10)}
    shop.declare(
        {
            "big": BIG,
            "small": {"where": {"revenue": {"gte": 50}}},
            "split": {**BIG, "split": {"seed": "s", "variants": {"a": 50, "b": 50}}},
        }
    )
    shop.built("2026-01-01")
    shop.declare({"big": {"was": "small", **BIG}, "split": BIG})
    shop.customers["bob"].revenue = 700
    shop.built("2026-01-02")
    shop.customers["cyd"].revenue = 700
    shop.built("2026-01-03")
    assert shop.stays("big") == [
        ("ann", "01-01", None), ("bob", "01-02", None), ("cyd", "01-03", None),
    ]  # fmt: skip
    assert {variant for _, _, variant in shop.assigned("split")} == {None}
    assert shop.query("select count(*) from segment_state_definitions") == [(2,)]


def test_a_snapshot_can_be_taken_again_until_its_as_of_is_over(shop: Shop) -> None:
    shop.declare({"first": {"kind": "snapshot", **BIG}, "user": {"where": {"in_segment": "first"}}})
    shop.customers = {"ann": Customer(900), "bob": Customer(100)}
    shop.built("2026-01-01")
    shop.customers = {"ann": Customer(100), "bob": Customer(900), "cyd": Customer(800)}
    shop.built("2026-01-01")
    assert shop.members("first") == shop.members("user") == {"bob", "cyd"}
    shop.customers.pop("bob")
    shop.customers["ann"].revenue = 900
    shop.built("2026-01-02")
    assert shop.members("first") == shop.members("user") == {"cyd"}


def test_a_ladder_that_is_set_aside_remembers_who_reached_what(shop: Shop) -> None:
    ladder = {"by": "revenue", "tiers": {"gold": 1000}, "grace": "9 days"}
    shop.declare({"big": BIG, "twin": {"was": "nothing", **BIG}}, ladders={"status": ladder})
    shop.customers = {"bob": Customer(1200)}
    shop.built("2026-01-01")
    broken = {"status": {**ladder, "by": "revenu"}}
    shop.declare({"big": BIG, "twin": {"was": "big", **BIG}}, ladders=broken)
    shop.built("2026-01-02", on_broken_spec="set_aside")
    assert shop.members("big") == {"bob"}
    assert shop.states() == [
        ("big", "fresh", 1), ("status__gold", "stale", 1), ("twin", "stale", 1),
    ]  # fmt: skip
    shop.declare({"big": BIG}, ladders={"status": ladder})
    shop.customers["bob"].revenue = 0
    shop.built("2026-01-06")
    assert shop.members("status__gold") == {"bob"}


def test_a_rename_with_a_mistake_keeps_its_history(shop: Shop) -> None:
    shop.customers = {"ann": Customer(600)}
    shop.declare({"big": BIG})
    shop.built("2026-01-01")
    shop.declare({"large": {"was": "big", "where": {"revenu": 1}}})
    shop.built("2026-01-02", on_broken_spec="set_aside")
    assert shop.states() == [("large", "stale", 1)]
    shop.declare({"large": {"was": "big", **BIG}})
    shop.built("2026-01-03")
    assert shop.states() == [("large", "fresh", 1)]
    assert shop.stays("large") == [("ann", "01-01", None)]
    assert shop.stays("big") == []


def test_a_merge_counts_the_same_when_its_run_is_repeated(shop: Shop) -> None:
    shop.customers = {"ann": Customer(0), "bob": Customer(600)}
    long = {"where": {"in_segment": "big", "for_at_least": "3 days"}}
    shop.declare({"big": BIG, "long": long})
    shop.built("2026-01-01")
    shop.customers = {"ann": Customer(600), "bob": Customer(0)}
    shop.built("2026-01-03")
    shop.customers.pop("bob")
    shop.merges = {"bob": "ann"}
    shop.built("2026-01-04")
    before = shop.tables()
    assert shop.stays("big") == [("ann", "01-01", None)]
    assert shop.members("long") == {"ann"}
    shop.built("2026-01-04")
    assert shop.tables() == before


def test_people_of_one_segment_since_one_moment_become_one_with_one_stay(shop: Shop) -> None:
    draw = random.Random(1)
    people = [f"C{number:010}" for number in range(2000)]
    shop.customers = {name: Customer(draw.choice((0, 600, 600))) for name in people}
    shop.declare({"big": BIG})
    shop.built("2026-01-01")
    shop.merges = {name: draw.choice(people[:200]) for name in people[200:]}
    for name in shop.merges:
        shop.customers.pop(name)
    were_in = {name for name, _, _ in shop.stays("big")}
    shop.built("2026-01-02")
    stays = shop.stays("big")
    assert {name for name, _, _ in stays} == {shop.merges.get(name, name) for name in were_in}
    assert len(stays) == len({name for name, _, _ in stays})


def test_what_would_tear_the_history_apart_is_refused(shop: Shop) -> None:
    shop.customers = {"ann": Customer(600)}
    shop.declare({"big": BIG})
    shop.built("2026-01-01", flags=("--empty",))
    shop.built("2026-01-01")
    assert shop.stays("big") == [("ann", "01-01", None)]
    before = shop.tables()
    assert "KOHORTE_WAREHOUSE" in shop.refused("2026-01-02", flags=("--empty",))
    alone = ("--select", "fct_segment_stays")
    assert "dbt build --select +fct_segment_stays" in shop.refused("2026-01-02", flags=alone)
    assert shop.tables() == before
