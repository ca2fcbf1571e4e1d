"""Who is in, since when, why, and who just left."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.history.shop import Customer, Shop

BIG = {"where": {"revenue": {"gte": 500}}}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path).create()


def test_a_run_closes_opens_and_replaces_itself(shop: Shop) -> None:
    shop.declare({"big": BIG})
    shop.customers = {"ann": Customer(600), "bob": Customer(100)}
    shop.built("2026-01-01")
    shop.customers = {"ann": Customer(400), "bob": Customer(700, rows=2)}
    shop.built("2026-01-02")
    assert shop.transitions("big") == [
        ("ann", "entered", "definition", "01-01"),
        ("ann", "left", "time", "01-02"),
        ("bob", "entered", "activity", "01-02"),
    ]
    before = shop.tables()
    shop.built("2026-01-02")
    assert shop.tables() == before

    said = shop.refused("2026-01-01")
    assert "only moves forward" in said
    assert "kohorte replay" in said
    assert shop.tables() == before

    shop.customers = {"ann": Customer(600), "bob": Customer(100)}
    shop.built("2026-01-02")
    assert shop.stays("big") == [("ann", "01-01", None)]
    assert shop.sizes("big") == [("01-01", 1, 1, 0), ("01-02", 1, 0, 0)]


def test_the_past_can_be_asked_for(shop: Shop) -> None:
    shop.declare(
        {
            "big": BIG,
            "first": {"kind": "snapshot", "where": {"revenue": {"gte": 800}}},
            "long": {"where": {"in_segment": "big", "for_at_least": "2 days"}},
            "new": {"where": {"in_segment": "big", "entered": {"within": "2 days"}}},
            "former": {"where": {"was_in_segment": "big", "within": "3 days"}},
        },
        ladders={
            "status": {"by": "revenue", "tiers": {"bronze": 500, "gold": 1000}, "grace": "3 days"}
        },
    )
    shop.customers = {"ann": Customer(900), "bob": Customer(1200), "cyd": Customer(20)}
    shop.built("2026-01-03")
    shop.customers["bob"].revenue = 0
    shop.customers["cyd"] = Customer(5000, rows=2)
    for day in range(4, 9):
        shop.built(f"2026-01-0{day}")
    assert shop.stays("big") == [
        ("ann", "01-03", None), ("bob", "01-03", "01-04"), ("cyd", "01-04", None),
    ]  # fmt: skip
    assert shop.stays("first") == [("ann", "01-03", None), ("bob", "01-03", None)]
    assert shop.stays("long") == [("ann", "01-05", None), ("cyd", "01-06", None)]
    assert shop.stays("new") == [
        ("ann", "01-03", "01-06"), ("bob", "01-03", "01-04"), ("cyd", "01-04", "01-07"),
    ]  # fmt: skip
    assert shop.stays("former") == [
        ("ann", "01-04", None), ("bob", "01-04", "01-07"), ("cyd", "01-05", None),
    ]  # fmt: skip
    assert shop.stays("status__gold") == [("bob", "01-03", "01-07"), ("cyd", "01-04", None)]
    assert shop.stays("status__bronze") == [("ann", "01-03", None)]
    assert shop.members("status__gold__reached") == set()
    assert not shop.query("select * from dim_segments where segment like '%reached'")


def test_each_reason_is_told_and_the_first_of_several(shop: Shop) -> None:
    rule = {"where": {"revenue": {"gte": 500}}, "include": ["friends"], "exclude": ["blocked"]}
    shop.declare({"big": rule})
    shop.lists = {"friends": [], "blocked": []}
    names = ("ann", "bob", "cyd", "dan", "eve", "fay")
    shop.customers = {name: Customer(100) for name in names} | {"gus": Customer(900)}
    shop.built("2026-01-01")
    shop.lists = {"friends": ["ann", "bob"], "blocked": ["gus"]}
    shop.customers["bob"].rows = 2
    shop.customers["cyd"] = Customer(600, rows=2)
    shop.customers["dan"].revenue = 600
    shop.customers.pop("fay")
    shop.merges = {"fay": "eve"}
    shop.customers["eve"] = Customer(700, rows=2)
    shop.built("2026-01-02")
    assert shop.transitions("big") == [
        ("gus", "entered", "definition", "01-01"),
        ("ann", "entered", "list", "01-02"),
        ("bob", "entered", "list", "01-02"),
        ("cyd", "entered", "activity", "01-02"),
        ("dan", "entered", "time", "01-02"),
        ("eve", "entered", "identity", "01-02"),
        ("gus", "left", "list", "01-02"),
    ]
    assert shop.assigned("big") == [
        ("ann", "list", None), ("bob", "list", None), ("cyd", "rule", None),
        ("dan", "rule", None), ("eve", "rule", None),
    ]  # fmt: skip
    rule["where"] = {"revenue": {"gte": 650}}
    shop.declare({"big": rule})
    shop.lists["friends"] = ["ann"]
    shop.customers["cyd"].rows = 3
    shop.built("2026-01-03")
    left = [row for row in shop.transitions("big") if row[1] == "left" and row[3] == "01-03"]
    assert {because for _, _, because, _ in left} == {"definition"}
    assert {name for name, *_ in left} == {"bob", "cyd", "dan"}


def test_people_who_turn_out_to_be_one_neither_leave_nor_enter(shop: Shop) -> None:
    shop.declare({"big": BIG, "old": {"where": {"age": {"gte": 60}}}})
    shop.customers = {"ann": Customer(600), "bob": Customer(100, age=70), "cyd": Customer(900)}
    shop.built("2026-01-01")
    shop.customers["bob"].revenue = 500
    shop.built("2026-01-02")
    shop.customers["bob"].age = 20
    shop.built("2026-01-03")
    shop.customers.pop("bob")
    shop.merges = {"bob": "ann"}
    before = len(shop.transitions("big")) - 1
    shop.built("2026-01-04")
    assert shop.stays("big") == [("ann", "01-01", None), ("cyd", "01-01", None)]
    assert shop.stays("old") == [("ann", "01-01", "01-03")]
    assert len(shop.transitions("big")) == before
    assert not shop.query("select * from fct_segment_stays where customer_id = 'bob'")


def test_history_outlives_changes_of_the_specs(shop: Shop) -> None:
    shop.customers = {"ann": Customer(600), "bob": Customer(1200)}
    shop.declare({"big": BIG, "all": {"where": {"revenue": {"gte": 0}}}})
    shop.built("2026-01-01")
    shop.declare({"large": {"was": "big", **BIG}})
    shop.customers["ann"].revenue = 0
    shop.built("2026-01-02")
    assert shop.stays("big") == []
    assert shop.sizes("big") == []
    assert shop.sizes("large") == [("01-01", 2, 2, 0), ("01-02", 1, 0, 1)]
    assert shop.transitions("large") == [
        ("ann", "entered", "definition", "01-01"),
        ("bob", "entered", "definition", "01-01"),
        ("ann", "left", "time", "01-02"),
    ]
    assert shop.stays("all") == [("ann", "01-01", "01-02"), ("bob", "01-01", "01-02")]

    shop.declare({"large": {"where": {"revenu": 1}}, "rich": {"where": {"revenue": {"gte": 1}}}})
    shop.customers["bob"].revenue = 3
    assert "revenu" in shop.refused("2026-01-03")
    shop.built("2026-01-03", on_broken_spec="set_aside")
    assert shop.states() == [("large", "stale", 1), ("rich", "fresh", 1)]
    shop.specs("version: 1\nsegments: {large: [")
    shop.built("2026-01-04", on_broken_spec="set_aside")
    assert shop.states() == [("large", "stale", 1), ("rich", "stale", 1)]
    shop.declare({"large": BIG, "wrong": {"where": {"revenu": 1}}})
    shop.built("2026-01-05", on_broken_spec="set_aside")
    assert shop.states() == [("large", "fresh", 0), ("wrong", "failed", 0)]
    assert shop.transitions("large")[-1] == ("bob", "left", "time", "01-05")
    assert shop.stays("rich") == [("bob", "01-03", "01-05")]


def test_random_days_end_in_the_stays_that_sets_predict(shop: Shop) -> None:
    """The expected stays follow from who is in on each day, by the words of that day."""
    draw = random.Random(20260101)
    names = [f"c{number}" for number in range(40)]
    rules: dict[str, Any] = {f"s{n}": {"where": {"revenue": {"gte": 100 * n}}} for n in range(70)}
    rules["listed"] = {"where": {"revenue": {"gte": 2000}}, "include": ["friends"]}
    rules["cut"] = {"where": {"revenue": {"gte": 0}}, "limit": {"top": 7, "by": "revenue"}}
    expected: dict[tuple[str, str], list[tuple[int, int | None]]] = {}
    inside: dict[tuple[str, str], int] = {}
    for day in range(1, 7):
        for name in draw.sample(names, 15):
            shop.customers[name] = Customer(draw.choice([None, *range(0, 7000, 130)]), rows=day)
        for name in draw.sample(names, 2):
            shop.customers.pop(name, None)
        shop.lists["friends"] = draw.sample(names, 5)
        chosen = {key: rules[key] for key in draw.sample(sorted(rules), 66)}
        shop.declare(chosen)
        shop.built(f"2026-01-0{day}")
        now = set(shop.query("select segment, customer_id from int_segment_members__customer"))
        for pair in inside.keys() - now:
            expected.setdefault(pair, []).append((inside.pop(pair), day))
        inside |= dict.fromkeys(now - inside.keys(), day)
    for pair, entered in inside.items():
        expected.setdefault(pair, []).append((entered, None))
    found: dict[tuple[str, str], list[tuple[int, int | None]]] = {}
    stays = shop.query(
        "select segment, customer_id, day(entered_at), day(left_at) from fct_segment_stays"
        " order by all"
    )
    for segment, key, entered, left in stays:
        found.setdefault((segment, key), []).append((entered, left))
    assert found == expected
    assert len(stays) > 1000
