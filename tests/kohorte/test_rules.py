"""The twelve rules of the language, on literal rows, with answers worked out by hand.

Times of rows are UTC. Vienna is an hour ahead in winter and two in summer.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from kohorte.errors import SpecErrors

from tests.kohorte import harness
from tests.kohorte.harness import Shop
from tests.kohorte.test_cli import kohorte

#: Conditions in the words of a spec, each with the keys of those for whom it holds.
Answers = dict[str, str]


def table(**columns: Sequence[Any]) -> list[dict[str, Any]]:
    """Return one row for each of the customers a, b, c … with the values of some columns."""
    rows = zip(*columns.values(), strict=True)
    return [
        {"customer_id": chr(97 + number), **dict(zip(columns, row, strict=True))}
        for number, row in enumerate(rows)
    ]


def people(column: str, *values: Any) -> list[dict[str, Any]]:
    """Return one row for each of the customers a, b, c … with the values of one column."""
    return table(**{column: values})


def just_before(instant: str) -> str:
    """Return the instant a microsecond earlier."""
    return str(datetime.fromisoformat(instant) - timedelta(microseconds=1))


def spec(*conditions: str) -> str:
    """Return a file with a segment s0, s1 … for each condition."""
    lines = [f"  s{number}:\n    where: {{{text}}}" for number, text in enumerate(conditions)]
    return "\n".join(["version: 1", "segments:", *lines, ""])


def check(folder: Path, shop: Shop, answers: Answers) -> None:
    """Compare who is found for each condition with who should be."""
    members = shop.members(folder, spec(*answers))
    found = ("".join(sorted(members[f"s{number}"])) for number in range(len(answers)))
    assert dict(zip(answers, found, strict=True)) == answers


def mistake(folder: Path, text: str) -> str:
    """Return what a user gets to read about a spec with one mistake."""
    with pytest.raises(SpecErrors) as caught:
        harness.read(harness.write_spec(folder, text))
    assert len(caught.value.problems) == 1
    return str(caught.value)


# --- 1: two values only -------------------------------------------------------------

#: Every kind of condition, on columns that may be missing.
CONDITIONS = (
    "age: 30", "age: {ne: 30}", "age: [30, 31]", "age: {not_in: [30]}", "age: {is_set: true}",
    "age: {gt: 29}", "age: {between: [20, 40]}", "age: {top: 50%}", "age: {bottom: 1}",
    "age: {percentile: {gte: 50}, per: country}", "revenue_before: {lt: {attribute: age}}",
    "age: {gt: 29, missing: include}", "age: {ne: 30, missing: exclude}",
    "city: {contains: ie}", "city: {not_contains: ie}", "city: {starts_with: W}",
    "city: {ends_with: n}", "city: {matches: ^W}", "city: {eq: wien, ignore_case: true}",
    "is_reachable: true", "is_reachable: false", "is_reachable: {ne: true}",
    "birth_date: {before: 2000-01-01}", "birth_date: {on: 1990-07-15}",
    "birth_date: {anniversary: today}", "birth_date: {anniversary: {month: 7}}",
    "last_order_at: {within: 30 days}", "last_order_at: {not_within: 30 days}",
    "last_order_at: {older_than: 30 days}", "last_order_at: {next: 30 days}",
    "last_order_at: {this: month}", "last_order_at: {previous: year}",
    "interests: {has_any: [shoes]}", "interests: {has_all: [shoes]}",
    "interests: {has_none: [shoes]}", "interests: {length: {lt: 2}}",
    "home: {near: {lat: 48.2, lon: 16.37, within: 10 km}}",
    "did: orders", "did_not: orders", "did: orders, where: {amount: {lt: 5}}",
    "did: orders, avg: {of: amount, lt: 100}", "did: orders, max: {of: amount, lt: 100}",
    "did_not: orders, avg: {of: amount, lt: 100}", "did: orders, count: {lte: 1}",
    "did: orders, which: last, where: {channel: web}",
    "did: orders, regularly: {at_least: 1, of_last: 2 weeks}",
    "sequence: {steps: [{did: orders}, {did_not: events}]}",
    "sql: age > 29", "sql: not (age > 29)", "sql: city like 'W%' or age < 30",
    "on_list: friends", "sample: {percent: 50, seed: x}",
)  # fmt: skip


def sparse() -> Shop:
    """Customers of whom everything, nothing and something is known."""
    everything = {
        "customer_id": "a", "country": "AT", "city": "Wien", "age": 30, "revenue": 1,
        "revenue_before": 2, "is_reachable": True, "interests": ["shoes", None],
        "birth_date": "1990-07-15", "last_order_at": "2026-07-10 10:00:00",
        "latitude": 48.2, "longitude": 16.37,
    }  # fmt: skip
    something = {"customer_id": "c", "revenue": 0, "latitude": 48.2, "interests": []}
    order = {"customer_id": "c", "ordered_at": "2026-07-10 10:00:00", "is_cancelled": False}
    return Shop(
        customers=[everything, {"customer_id": "b", "revenue": 0}, something],
        orders=[order, {**order, "customer_id": None}],
    )


def test_rule_01_every_condition_is_true_or_false_for_everyone(tmp_path: Path) -> None:
    forms = ("{}", "not: {{{}}}", "none: [{{{0}}}, {{{0}}}]", "any: [{{{0}}}, {{not: {{{0}}}}}]")
    texts = [form.format(condition) for condition in CONDITIONS for form in forms]
    members = sparse().members(tmp_path, spec(*texts))
    for number, condition in enumerate(CONDITIONS):
        yes, no, none, either = (members[f"s{4 * number + form}"] for form in range(4))
        assert (yes & no, yes | no) == (set(), {"a", "b", "c"}), condition
        assert (none, either) == (no, {"a", "b", "c"}), condition


def test_rule_01_null_never_leaks_into_the_tables_of_segments(tmp_path: Path) -> None:
    limited = "  cut: {where: {age: {lt: 99}}, include: friends, limit: {top: 1, by: age}}\n"
    files = harness.compile_folder(harness.write_spec(tmp_path, spec(*CONDITIONS) + limited))
    with duckdb.connect() as connection:
        sparse().create(connection)
        harness.run_models(connection, files)
        for query in (
            "select * exclude (customer_id) from int_segment_words__customer",
            "select segment, customer_id, through from int_segment_members__customer",
        ):
            rows = connection.execute(query).fetchall()
            assert rows
            assert all(None not in row for row in rows)


# --- 2: a missing value -------------------------------------------------------------

#: Positive tests that the values of `known` pass.
POSITIVE = (
    "city: Wien", "city: [Wien, Graz]", "city: {contains: ie}", "city: {starts_with: W}",
    "city: {ends_with: n}", "city: {matches: ien}", "city: {is_set: true}",
    "age: {gt: 29}", "age: {gte: 30}", "age: {lt: 31}", "age: {lte: 30}",
    "age: {between: [30, 30]}", "age: {top: 1}", "age: {bottom: 100%}",
    "age: {percentile: {lte: 100}}", "age: {gt: {attribute: revenue_before}}",
    "revenue: {lt: {attribute: age}}", "is_reachable: false",
    "birth_date: {before: 2000-01-01}", "birth_date: {after: 1990-01-01}",
    "birth_date: {on: 1990-07-15}", "birth_date: 1990-07-15", "birth_date: {older_than: 1 day}",
    "birth_date: {within: 100 years}", "birth_date: {anniversary: today}",
    "birth_date: {between: [1990-01-01, 2000-01-01]}",
    "last_order_at: {within: 30 days}", "last_order_at: {older_than: 1 day}",
    "last_order_at: {this: year}", "interests: {has_any: [shoes]}",
    "interests: {has_all: [shoes]}", "interests: {length: {lt: 5}}",
    "home: {near: {lat: 48.2, lon: 16.37, within: 1 km}}",
)  # fmt: skip
KNOWN = {
    "customer_id": "a", "city": "Wien", "age": 30, "revenue": 1, "revenue_before": 2,
    "is_reachable": False, "interests": ["shoes"], "birth_date": "1990-07-15",
    "last_order_at": "2026-07-10 10:00:00", "latitude": 48.2, "longitude": 16.37,
}  # fmt: skip


def test_rule_02_a_test_of_a_missing_value_is_false(tmp_path: Path) -> None:
    shop = Shop(customers=[KNOWN, {"customer_id": "b", "revenue": 1}])
    check(tmp_path, shop, dict.fromkeys(POSITIVE, "a"))


def test_rule_02_a_division_by_zero_is_missing(tmp_path: Path) -> None:
    rows = table(age=(0, 0, 2, None), revenue=(0, 500, 500, 500))
    check(tmp_path, Shop(rows), {
        "sql: revenue / age > 80": "c",
        "sql: revenue / age < 80": "",
        "not: {sql: revenue / age > 80}": "abd",
        "sql: 1 / (revenue / (age / 2)) > 0": "c",
    })  # fmt: skip


def test_rule_02_less_than_and_older_than_are_positive_tests(tmp_path: Path) -> None:
    check(tmp_path, Shop(people("age", 1, None, 5)), {"age: {lt: 3}": "a", "age: {lte: 5}": "ac"})
    shop = Shop(people("last_order_at", "2020-01-01", None, "2026-07-15"))
    check(tmp_path, shop, {"last_order_at: {older_than: 30 days}": "a"})


def test_rule_02_negative_tests_are_the_complement_of_their_positive_twins(
    tmp_path: Path,
) -> None:
    cities = Shop(people("city", "Wien", None, "Graz"))
    check(tmp_path, cities, {
        "city: {eq: Wien}": "a", "city: {ne: Wien}": "bc",
        "city: {in: [Wien, Graz]}": "ac", "city: {not_in: [Wien, Graz]}": "b",
        "city: {contains: ra}": "c", "city: {not_contains: ra}": "ab",
    })  # fmt: skip
    ages = Shop(people("age", 1, None, 5))
    check(tmp_path, ages, {"age: {ne: 1}": "bc", "age: {not_in: [1, 5]}": "b"})
    days = Shop(people("birth_date", "2026-07-10", None, "2020-01-01", "2027-01-01"))
    check(tmp_path, days, {
        "birth_date: {within: 30 days}": "a", "birth_date: {not_within: 30 days}": "bcd",
        "birth_date: {ne: 2020-01-01}": "abd",
    })  # fmt: skip
    lists = Shop(people("interests", ["shoes"], None, [], ["books", None]))
    check(tmp_path, lists, {
        "interests: {has_any: [shoes, pets]}": "a", "interests: {has_none: [shoes, pets]}": "bcd",
        "interests: {has_none: [books]}": "abc",
    })  # fmt: skip


def test_rule_02_missing_overrides_one_test(tmp_path: Path) -> None:
    check(tmp_path, Shop(people("age", 1, None, 5)), {
        "age: {lt: 3, missing: include}": "ab",
        "age: {lt: 3, missing: exclude}": "a",
        "age: {ne: 1, missing: exclude}": "c",
        "age: {ne: 1, missing: include}": "bc",
        "age: {top: 1, missing: include}": "bc",
        "all: [{age: {lt: 3, missing: include}}, {age: {lt: 9}}]": "a",
    })  # fmt: skip
    check(tmp_path, Shop(people("city", "Wien", None, "Graz")), {
        "city: {not_contains: W, missing: exclude}": "c",
        "city: {matches: ^W, missing: include}": "ab",
    })  # fmt: skip
    check(tmp_path, Shop(people("last_order_at", "2026-07-10", None, "2020-01-01")), {
        "last_order_at: {not_within: 30 days, missing: exclude}": "c",
        "last_order_at: {within: 30 days, missing: include}": "ab",
    })  # fmt: skip
    check(tmp_path, Shop(people("interests", ["shoes"], None, [])), {
        "interests: {has_none: [shoes], missing: exclude}": "c",
        "interests: {length: {gte: 1}, missing: include}": "ab",
    })  # fmt: skip


def test_rule_02_missing_overrides_a_test_of_an_activitys_column(tmp_path: Path) -> None:
    orders = [
        {"customer_id": "a", "amount": 9, "ordered_at": "2026-07-01"},
        {"customer_id": "b", "amount": None, "ordered_at": "2026-07-01"},
    ]
    check(tmp_path, Shop(people("age", 1, 2, 3), orders), {
        "did: orders, where: {amount: {ne: 9}}": "b",
        "did: orders, where: {amount: {gt: 5, missing: include}}": "ab",
        "did: orders, where: {amount: {ne: 9, missing: exclude}}": "",
    })  # fmt: skip


# --- 3: negation --------------------------------------------------------------------

FEW_ORDERS = [
    {"customer_id": "a", "amount": 5, "ordered_at": "2026-07-01"},
    {"customer_id": "b", "amount": 5, "ordered_at": "2026-07-01"},
    {"customer_id": "b", "amount": 7, "ordered_at": "2026-07-02"},
    {"customer_id": "b", "amount": 7, "ordered_at": "2026-07-03"},
    {"customer_id": "stranger", "amount": 1, "ordered_at": "2026-07-01"},
    {"customer_id": None, "amount": 1, "ordered_at": "2026-07-01"},
]


def test_rule_03_negation_is_the_complement_within_all_customers(tmp_path: Path) -> None:
    shop = Shop(people("age", 1, 2, None), FEW_ORDERS, lists={"friends": ["a", "stranger"]})
    check(tmp_path, shop, {
        "did: orders": "ab", "did_not: orders": "c", "not: {did_not: orders}": "ab",
        "on_list: friends": "a", "not: {on_list: friends}": "bc",
        "none: [{on_list: friends}, {did_not: orders}]": "b",
        "not: [{did: orders}, {on_list: friends}]": "bc",
        "not: {age: {gt: 1}}": "ac",
        "in_segment: s0": "ab", "not_in_segment: s0": "c",
    })  # fmt: skip


def test_rule_03_zero_counts_are_counted(tmp_path: Path) -> None:
    check(tmp_path, Shop(people("age", 1, 2, 3), FEW_ORDERS), {
        "did: orders, count: {lte: 2}": "ac",
        "did: orders, count: {lt: 1}": "c",
        "did: orders, count: 0": "c",
        "did: orders, count: {gte: 0}": "abc",
        "did: orders, count: {between: [0, 1]}": "ac",
        "did: orders, where: {amount: {gt: 6}}, count: {lte: 1}": "ac",
        "did_not: orders, count: {lte: 2}": "b",
        "did_not: orders, count: {gte: 2}": "ac",
    })  # fmt: skip


# --- 4: windows ---------------------------------------------------------------------

LAST_ORDERS = (
    "2026-06-15 09:59:59.999999",
    "2026-06-15 10:00:00",
    "2026-07-15 09:59:59.999999",
    "2026-07-15 10:00:00",
)


def test_rule_04_a_windows_start_is_in_and_its_end_is_out(tmp_path: Path) -> None:
    check(tmp_path, Shop(people("last_order_at", *LAST_ORDERS)), {
        "last_order_at: {within: 30 days}": "bc",
        "last_order_at: {not_within: 30 days}": "ad",
        "last_order_at: {older_than: 30 days}": "a",
        "last_order_at: {next: 1 day}": "d",
        "last_order_at: {between: [30 days ago, 1 day ago]}": "b",
        "last_order_at: {between: [2026-06-15 12:00, 2026-07-15 12:00]}": "bc",
        "last_order_at: {before: 30 days ago}": "a",
        "last_order_at: {after: 30 days ago}": "bcd",
        "last_order_at: {before: 2026-07-15 12:00}": "abc",
        "last_order_at: {after: 2026-07-15 12:00}": "d",
    })  # fmt: skip


def test_rule_04_what_is_recorded_at_as_of_has_not_happened(tmp_path: Path) -> None:
    shop = Shop(people("age", 1, 2, 3, 4), people("ordered_at", *LAST_ORDERS))
    check(tmp_path, shop, {
        "did: orders": "abc",
        "did_not: orders": "d",
        "did: orders, within: 30 days": "bc",
        "did: orders, after: 2026-06-15 12:00": "bc",
        "did: orders, between: [2026-06-15 12:00, 2030-01-01]": "bc",
        "did: orders, before: 30 days ago": "a",
        "did: orders, between: [30 days ago, 1 day ago]": "b",
        "did: orders, this: year": "abc",
        "did: orders, which: last, within: 30 days": "bc",
        "did: orders, regularly: {at_least: 1, of_last: 1 weeks}": "c",
        "sequence: {steps: [{did: orders}]}": "abc",
    })  # fmt: skip


def test_rule_04_as_of_anchors_every_window(tmp_path: Path) -> None:
    shop = Shop(
        people("last_order_at", "2025-02-01 12:00:00", "2026-02-01 12:00:00"),
        people("ordered_at", "2025-02-01 12:00:00", "2026-02-01 12:00:00"),
    )
    for as_of, who in (("2025-03-01 10:00:00", "a"), ("2026-03-01 10:00:00", "b")):
        check(tmp_path, replace(shop, as_of=as_of), {
            "last_order_at: {within: 30 days}": who, "did: orders, within: 30 days": who,
            "last_order_at: {previous: month}": who, "did: orders, this: year": who,
            "did: orders, between: [40 days ago, 20 days ago]": who,
            "sequence: {steps: [{did: orders, within: 30 days}]}": who,
        })  # fmt: skip


def test_rule_04_a_day_of_23_hours_is_a_day(tmp_path: Path) -> None:
    # The clocks went forward at 01:00 UTC; as_of is noon, the day before began at 11:00 UTC.
    times = ("2026-03-28 09:59:59", "2026-03-28 10:00:00", "2026-03-28 10:59:59",
             "2026-03-28 11:00:00")  # fmt: skip
    shop = Shop(
        people("last_order_at", *times), people("ordered_at", *times), as_of="2026-03-29 10:00:00"
    )
    check(tmp_path, shop, {
        "last_order_at: {within: 1 day}": "d", "last_order_at: {within: 24 hours}": "bcd",
        "last_order_at: {within: 23 hours}": "d", "last_order_at: {older_than: 1 day}": "abc",
        "did: orders, within: 1 day": "d", "did: orders, within: 24 hours": "bcd",
        "did: orders, between: [1 day ago, 1 hour ago]": "d",
    })  # fmt: skip


def test_rule_04_a_day_of_25_hours_is_a_day(tmp_path: Path) -> None:
    # The clocks went back at 01:00 UTC; as_of is noon, the day before began at 10:00 UTC.
    times = ("2026-10-24 09:59:59", "2026-10-24 10:00:00", "2026-10-24 10:59:59",
             "2026-10-24 11:00:00")  # fmt: skip
    shop = Shop(
        people("last_order_at", *times), people("ordered_at", *times), as_of="2026-10-25 11:00:00"
    )
    check(tmp_path, shop, {
        "last_order_at: {within: 1 day}": "bcd", "last_order_at: {within: 24 hours}": "d",
        "last_order_at: {within: 25 hours}": "bcd", "last_order_at: {older_than: 1 day}": "a",
        "did: orders, within: 1 day": "bcd", "did: orders, within: 24 hours": "d",
        "did: orders, before: 1 day ago": "a",
    })  # fmt: skip


@pytest.mark.parametrize(
    ("period", "start"),
    [
        ("1 week", "2026-03-29 10:00:00"),
        ("2 weeks", "2026-03-22 11:00:00"),
        ("1 month", "2026-03-05 11:00:00"),
        ("1 quarter", "2026-01-05 11:00:00"),
        ("1 year", "2025-04-05 10:00:00"),
        ("8 days", "2026-03-28 11:00:00"),
        ("192 hours", "2026-03-28 10:00:00"),
        ("90 minutes", "2026-04-05 08:30:00"),
    ],
)
def test_rule_04_days_to_years_step_on_the_wall_clock_and_hours_are_exact(
    tmp_path: Path, period: str, start: str
) -> None:
    # as_of is noon in Vienna, a week after the clocks went forward.
    shop = Shop(people("last_order_at", start, just_before(start)), as_of="2026-04-05 10:00:00")
    check(tmp_path, shop, {f"last_order_at: {{within: {period}}}": "a"})


@pytest.mark.parametrize(
    ("as_of", "start"),
    [
        # 02:30 on 29 March is skipped: it is 03:30.
        ("2026-03-30 00:30:00", "2026-03-29 01:30:00"),
        # 02:30 on 25 October comes twice: it is the later one.
        ("2026-10-26 01:30:00", "2026-10-25 01:30:00"),
    ],
)
def test_rule_04_a_day_may_begin_where_the_clocks_change(
    tmp_path: Path, as_of: str, start: str
) -> None:
    shop = Shop(people("last_order_at", start, just_before(start)), as_of=as_of)
    check(tmp_path, shop, {"last_order_at: {within: 1 day}": "a"})


CALENDAR = (
    ("this: week", "2026-07-12 22:00:00", "2026-07-15 10:00:00"),
    ("this: month", "2026-06-30 22:00:00", "2026-07-15 10:00:00"),
    ("this: quarter", "2026-06-30 22:00:00", "2026-07-15 10:00:00"),
    ("this: year", "2025-12-31 23:00:00", "2026-07-15 10:00:00"),
    ("previous: week", "2026-07-05 22:00:00", "2026-07-12 22:00:00"),
    ("previous: month", "2026-05-31 22:00:00", "2026-06-30 22:00:00"),
    ("previous: quarter", "2026-03-31 22:00:00", "2026-06-30 22:00:00"),
    ("previous: year", "2024-12-31 23:00:00", "2025-12-31 23:00:00"),
)


@pytest.mark.parametrize(("window", "start", "end"), CALENDAR)
def test_rule_04_calendar_windows_begin_at_local_midnight(
    tmp_path: Path, window: str, start: str, end: str
) -> None:
    times = (just_before(start), start, just_before(end), end)
    shop = Shop(people("last_order_at", *times), people("ordered_at", *times))
    check(tmp_path, shop, {f"last_order_at: {{{window}}}": "bc", f"did: orders, {window}": "bc"})


def test_rule_04_the_projects_zone_decides(tmp_path: Path) -> None:
    times = ("2026-03-28 10:30:00", "2026-06-30 22:30:00", "2026-07-01 04:30:00")
    shop = Shop(people("last_order_at", *times))
    month = "last_order_at: {this: month}"
    for timezone, who in (("Europe/Vienna", "bc"), ("UTC", "c"), ("America/New_York", "c"),
                          ("America/Los_Angeles", "")):  # fmt: skip
        check(tmp_path, replace(shop, timezone=timezone), {month: who})
    day = "last_order_at: {within: 1 day}"
    spring = replace(shop, as_of="2026-03-29 10:00:00")
    check(tmp_path, spring, {day: ""})
    check(tmp_path, replace(spring, timezone="UTC"), {day: "a"})


def test_rule_04_a_date_is_its_local_midnight(tmp_path: Path) -> None:
    days = ("2026-06-15", "2026-06-16", "2026-07-15", "2026-07-16")
    check(tmp_path, Shop(people("birth_date", *days)), {
        "birth_date: {within: 30 days}": "bc",
        "birth_date: {between: [2026-06-15, 2026-07-15]}": "ab",
        "birth_date: {after: 2026-07-15}": "cd",
        "birth_date: {before: 2026-06-16}": "a",
        "birth_date: {next: 1 day}": "d",
        "birth_date: {on: 2026-07-15}": "c",
    })  # fmt: skip


def test_rule_04_a_day_on_a_timestamp_is_the_local_day(tmp_path: Path) -> None:
    times = ("2026-06-30 21:59:59", "2026-06-30 22:00:00", "2026-07-01 21:59:59",
             "2026-07-01 22:00:00")  # fmt: skip
    check(tmp_path, Shop(people("last_order_at", *times)), {
        "last_order_at: {on: 2026-07-01}": "bc",
        "last_order_at: {between: [2026-07-01, 2026-07-02]}": "bc",
        "last_order_at: {before: 2026-07-01}": "a",
        "last_order_at: {after: 2026-07-02}": "d",
    })  # fmt: skip


def test_rule_04_weeks_of_regularly_are_half_open(tmp_path: Path) -> None:
    # Weeks back from noon: 1 July, 8 July, 15 July, each at 10:00 UTC.
    orders = [
        {"customer_id": "a", "ordered_at": "2026-07-08 10:00:00"},
        {"customer_id": "a", "ordered_at": "2026-07-08 09:59:59"},
        {"customer_id": "b", "ordered_at": "2026-07-08 10:00:00"},
        {"customer_id": "b", "ordered_at": "2026-07-15 09:59:59"},
        {"customer_id": "c", "ordered_at": "2026-07-01 10:00:00"},
        {"customer_id": "c", "ordered_at": "2026-07-15 10:00:00"},
        {"customer_id": "d", "ordered_at": "2026-07-01 09:59:59"},
        {"customer_id": "d", "ordered_at": "2026-07-14 10:00:00"},
    ]
    check(tmp_path, Shop(people("age", 1, 2, 3, 4), orders), {
        "did: orders, regularly: {at_least: 2, of_last: 2 weeks}": "a",
        "did: orders, regularly: {at_least: 1, of_last: 2 weeks}": "abcd",
        "did: orders, regularly: {at_least: 1, of_last: 1 weeks}": "abd",
        "did: orders, regularly: {at_least: 2, of_last: 3 weeks}": "ad",
    })  # fmt: skip


def test_rule_04_a_sequence_ends_before_its_time_is_over(tmp_path: Path) -> None:
    # From noon on 28 March to noon on 29 March are 23 hours.
    first = {"event_name": "viewed", "occurred_at": "2026-03-28 11:00:00"}
    second = {"event_name": "carted"}
    events = [
        {"customer_id": key, **event}
        for key, time in (("a", "2026-03-29 09:59:59"), ("b", "2026-03-29 10:00:00"),
                          ("c", "2026-03-29 10:59:59"), ("d", "2026-03-28 11:00:00"))
        for event in (first, {**second, "occurred_at": time})
    ]  # fmt: skip
    steps = "steps: [{did: events.viewed}, {did: events.carted}]"
    check(tmp_path, Shop(people("age", 1, 2, 3, 4), events=events), {
        f"sequence: {{{steps}}}": "abc",
        f"sequence: {{{steps}, within: 1 day}}": "a",
        f"sequence: {{{steps}, within: 24 hours}}": "abc",
    })  # fmt: skip


# --- 5: the calendar ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "period", "start"),
    [
        ("2026-03-31 10:00:00", "1 month", "2026-02-28 11:00:00"),
        ("2024-03-31 10:00:00", "1 month", "2024-02-29 11:00:00"),
        ("2026-03-29 10:00:00", "1 month", "2026-02-28 11:00:00"),
        ("2026-05-31 10:00:00", "1 month", "2026-04-30 10:00:00"),
        ("2026-12-31 11:00:00", "1 month", "2026-11-30 11:00:00"),
        ("2026-01-31 11:00:00", "1 month", "2025-12-31 11:00:00"),
        ("2026-05-31 10:00:00", "1 quarter", "2026-02-28 11:00:00"),
        ("2026-08-31 10:00:00", "6 months", "2026-02-28 11:00:00"),
        ("2026-03-31 10:00:00", "13 months", "2025-02-28 11:00:00"),
        ("2024-02-29 11:00:00", "1 year", "2023-02-28 11:00:00"),
        ("2024-02-29 11:00:00", "4 years", "2020-02-29 11:00:00"),
    ],
)
def test_rule_05_a_month_back_from_the_31st_is_the_last_day_of_the_shorter_month(
    tmp_path: Path, as_of: str, period: str, start: str
) -> None:
    times = (start, just_before(start))
    shop = Shop(people("last_order_at", *times), people("ordered_at", *times), as_of=as_of)
    check(tmp_path, shop, {
        f"last_order_at: {{within: {period}}}": "a",
        f"did: orders, within: {period}": "a",
        f"did: orders, before: {period} ago": "b",
    })  # fmt: skip


@pytest.mark.parametrize(
    ("days", "months", "between_them"),
    [
        ("90 days", "3 months", "2026-04-15 10:00:00"),
        ("90 days", "1 quarter", "2026-04-15 10:00:00"),
        ("180 days", "6 months", "2026-01-15 11:00:00"),
        ("360 days", "1 year", "2025-07-15 10:00:00"),
    ],
)
def test_rule_05_months_are_not_so_many_days(
    tmp_path: Path, days: str, months: str, between_them: str
) -> None:
    shop = Shop(people("last_order_at", between_them), people("ordered_at", between_them))
    check(tmp_path, shop, {
        f"last_order_at: {{within: {days}}}": "", f"last_order_at: {{within: {months}}}": "a",
        f"did: orders, within: {months}": "a", f"did: orders, within: {days}": "",
        f"did: orders, before: {days} ago": "a", f"did: orders, before: {months} ago": "",
    })  # fmt: skip


def test_rule_05_a_month_ahead_of_the_31st_is_the_last_day_of_the_shorter_month(
    tmp_path: Path,
) -> None:
    times = ("2026-01-31 10:59:59", "2026-01-31 11:00:00", "2026-02-28 10:59:59",
             "2026-02-28 11:00:00")  # fmt: skip
    shop = Shop(people("last_order_at", *times), as_of="2026-01-31 11:00:00")
    check(tmp_path, shop, {"last_order_at: {next: 1 month}": "bc"})


@pytest.mark.parametrize(
    ("today", "who"),
    [("2026-02-28", "ab"), ("2026-03-01", "c"), ("2024-02-28", "b"), ("2024-02-29", "a"),
     ("2100-02-28", "ab"), ("2000-02-29", ""), ("1999-02-28", "")],
)  # fmt: skip
def test_rule_05_the_anniversary_of_29_february_is_28_february_in_other_years(
    tmp_path: Path, today: str, who: str
) -> None:
    days = ("2000-02-29", "1999-02-28", "2001-03-01")
    times = [f"{day} 11:00:00" for day in days]
    shop = Shop(table(birth_date=days, last_order_at=times), as_of=f"{today} 11:00:00")
    check(tmp_path, shop, {
        "birth_date: {anniversary: today}": who,
        "last_order_at: {anniversary: today}": who,
        "birth_date: {anniversary: {next: 1 day}}": who,
        "birth_date: {anniversary: {month: 2}}": "ab",
    })  # fmt: skip


@pytest.mark.parametrize(
    ("today", "next_days", "last_days"),
    [
        ("2025-12-29", "ace", "b"),
        ("2026-01-03", "cd", "abe"),
        ("2026-01-01", "c", "abe"),
        ("2025-12-31", "ce", "ab"),
        ("2025-12-20", "", ""),
    ],
)
def test_rule_05_anniversary_windows_cross_the_new_year(
    tmp_path: Path, today: str, next_days: str, last_days: str
) -> None:
    days = ("1990-12-29", "1990-12-28", "1990-01-04", "1990-01-09", "1990-12-31")
    shop = Shop(people("birth_date", *days), as_of=f"{today} 11:00:00")
    check(tmp_path, shop, {
        "birth_date: {anniversary: {next: 7 days}}": next_days,
        "birth_date: {anniversary: {next: 1 week}}": next_days,
        "birth_date: {anniversary: {last: 7 days}}": last_days,
    })  # fmt: skip


def test_rule_05_an_anniversary_window_may_hold_29_february(tmp_path: Path) -> None:
    shop = Shop(people("birth_date", "2000-02-29", "2000-03-01"), as_of="2026-02-25 11:00:00")
    check(tmp_path, shop, {
        "birth_date: {anniversary: {next: 3 days}}": "",
        "birth_date: {anniversary: {next: 4 days}}": "a",
        "birth_date: {anniversary: {next: 5 days}}": "ab",
        "birth_date: {anniversary: {next: 1 year}}": "ab",
    })  # fmt: skip
    check(tmp_path, replace(shop, as_of="2026-03-02 11:00:00"), {
        "birth_date: {anniversary: {last: 1 day}}": "b",
        "birth_date: {anniversary: {last: 2 days}}": "ab",
    })  # fmt: skip


def test_rule_05_the_day_of_a_timestamps_anniversary_is_the_local_day(tmp_path: Path) -> None:
    # 22:30 UTC on 14 July is half past midnight on the 15th in Vienna.
    shop = Shop(people("last_order_at", "2020-07-14 22:30:00", "2020-07-15 22:30:00"))
    check(tmp_path, shop, {"last_order_at: {anniversary: today}": "a"})


# --- 6: rankings --------------------------------------------------------------------


def test_rule_06_ranking_ignores_missing_values(tmp_path: Path) -> None:
    check(tmp_path, Shop(people("age", 10, None, 30, None, 20, None)), {
        "age: {top: 1}": "c", "age: {top: 3}": "ace", "age: {top: 6}": "ace",
        "age: {bottom: 1}": "a", "age: {bottom: 4}": "ace",
        "age: {top: 50%}": "ce", "age: {top: 100%}": "ace", "age: {bottom: 34%}": "ae",
        "age: {percentile: {gte: 0}}": "ace", "age: {percentile: {gte: 50}}": "ce",
        "age: {percentile: {gt: 50}}": "c", "not: {age: {top: 100%}}": "bdf",
    })  # fmt: skip


def test_rule_06_a_share_keeps_the_ceiling(tmp_path: Path) -> None:
    check(tmp_path, Shop(people("age", *range(11))), {
        "age: {top: 0.5%}": "k", "age: {top: 9%}": "k", "age: {top: 9.1%}": "jk",
        "age: {top: 10%}": "jk", "age: {top: 20%}": "ijk", "age: {bottom: 10%}": "ab",
        "age: {top: 50%}": "fghijk", "age: {top: 100%}": "abcdefghijk",
    })  # fmt: skip


@pytest.mark.parametrize(("customers", "share", "kept"), [(100, "7%", 7), (100, "55%", 55),
                                                         (30, "10%", 3), (1000, "0.1%", 1),
                                                         (1001, "0.1%", 2)])  # fmt: skip
def test_rule_06_a_share_without_remainder_is_not_rounded_up(
    tmp_path: Path, customers: int, share: str, kept: int
) -> None:
    shop = Shop([{"customer_id": f"{n:04}", "age": n} for n in range(customers)])
    limit = f"  limited: {{where: {{age: {{gte: 0}}}}, limit: {{top: {share}, by: age}}}}\n"
    members = shop.members(tmp_path, spec(f"age: {{top: {share}}}") + limit)
    assert members["s0"] == {f"{n:04}" for n in range(customers - kept, customers)}
    assert members["limited"] == members["s0"]


@pytest.mark.parametrize("order", [1, -1])
def test_rule_06_ties_are_broken_by_the_key_ascending(tmp_path: Path, order: int) -> None:
    countries = ("AT", "AT", "DE", "DE", "DE", "AT")
    rows = table(age=(5, 9, 5, 5, 9, 1), country=countries, revenue=[0] * 6)
    check(tmp_path, Shop(rows[::order]), {
        "age: {top: 1}": "b", "age: {top: 2}": "be", "age: {top: 3}": "abe",
        "age: {top: 4}": "abce", "age: {bottom: 2}": "af", "age: {bottom: 3}": "acf",
        "age: {bottom: 5}": "abcdf", "age: {percentile: {lte: 40}}": "acf",
        "age: {top: 1, per: country}": "be", "age: {top: 2, per: country}": "abce",
        "revenue: {top: 50%}": "abc", "revenue: {bottom: 50%}": "abc",
        "revenue: {top: 1, per: country}": "ac",
    })  # fmt: skip


def test_rule_06_a_limit_ranks_the_members_alone(tmp_path: Path) -> None:
    countries = ("AT", "DE", "DE", "DE", "DE", "AT")
    rows = table(age=(5, 9, None, 7, 9, 7), country=countries, city=("Graz", "Wien") * 3)
    text = spec("city: Wien") + "    limit: {top: 2, by: age}\n  in_each:\n"
    text += "    where: {customer_id: {is_set: true}}\n    limit: {top: 1, by: age, per: country}\n"
    members = Shop(rows).members(tmp_path, text)
    assert members == {"s0": {"b", "d"}, "in_each": {"b", "f"}}


# --- 7: aggregates over nothing -----------------------------------------------------


def test_rule_07_count_sum_and_distinct_of_nothing_are_0(tmp_path: Path) -> None:
    check(tmp_path, Shop(people("age", 1, 2, 3), FEW_ORDERS), {
        "did: orders, count: 0": "c", "did: orders, count: {lt: 2}": "ac",
        "did: orders, sum: {of: amount, eq: 0}": "c",
        "did: orders, sum: {of: amount, lt: 6}": "ac",
        "did: orders, sum: {of: amount, gt: -1}": "abc",
        "did: orders, sum: {of: amount, between: [0, 5]}": "ac",
        "did: orders, distinct: {of: amount, eq: 0}": "c",
        "did: orders, distinct: {of: amount, lte: 1}": "ac",
        "did: orders, where: {amount: {gt: 6}}, sum: {of: amount, lt: 1}": "ac",
        "did_not: orders, sum: {of: amount, lt: 6}": "b",
    })  # fmt: skip


def test_rule_07_avg_min_and_max_of_nothing_are_missing(tmp_path: Path) -> None:
    check(tmp_path, Shop(people("age", 1, 2, 3), FEW_ORDERS), {
        "did: orders, avg: {of: amount, lt: 100}": "ab",
        "did: orders, min: {of: amount, lt: 100}": "ab",
        "did: orders, max: {of: amount, lt: 100}": "ab",
        "did: orders, min: {of: amount, gte: 0}": "ab",
        "did: orders, count: {gte: 0}, max: {of: amount, lt: 100}": "ab",
        "not: {did: orders, avg: {of: amount, lt: 100}}": "c",
        "did_not: orders, min: {of: amount, lt: 100}": "c",
    })  # fmt: skip


def test_rule_07_rows_without_a_value_are_counted_but_add_nothing(tmp_path: Path) -> None:
    orders = [
        {"customer_id": "a", "amount": None, "ordered_at": "2026-07-01"},
        {"customer_id": "b", "amount": None, "ordered_at": "2026-07-01"},
        {"customer_id": "b", "amount": 4, "ordered_at": "2026-07-02"},
    ]
    check(tmp_path, Shop(people("age", 1, 2, 3), orders), {
        "did: orders, count: {gte: 1}": "ab", "did: orders, sum: {of: amount, eq: 0}": "ac",
        "did: orders, distinct: {of: amount, eq: 0}": "ac",
        "did: orders, avg: {of: amount, eq: 4}": "b", "did: orders, avg: {of: amount, lt: 9}": "b",
        "did: orders, min: {of: amount, lt: 9}": "b",
    })  # fmt: skip


# --- 8: segments of segments --------------------------------------------------------

DIAMOND = """\
version: 1
segments:
  bottom: {where: [{in_segment: left}, {in_segment: right}]}
  left: {where: [{in_segment: top}, {age: {gte: 2}}]}
  right: {where: [{in_segment: top}, {age: {lte: 3}}]}
  top: {where: {last_order_at: {within: 30 days}}, exclude: [ladder__high]}
  first: {where: {in_segment: message__bottom}}
ladders:
  ladder: {by: age, tiers: {high: 4}}
waterfalls:
  message: {first_match: [bottom, top]}
"""


def test_rule_08_a_diamond_is_fine_in_any_order(tmp_path: Path) -> None:
    times = [*["2026-07-10 10:00:00"] * 4, "2026-01-01"]
    rows = table(age=(1, 2, 3, 4, 3), last_order_at=times)
    assert Shop(rows).members(tmp_path, DIAMOND) == {
        "top": {"a", "b", "c"}, "left": {"b", "c"}, "right": {"a", "b", "c"},
        "bottom": {"b", "c"}, "ladder__high": {"d"}, "message__bottom": {"b", "c"},
        "message__top": {"a"}, "first": {"b", "c"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("one: {where: {in_segment: one}}", "one > one"),
        (
            "one: {where: {not: {in_segment: two}}}\n  two: {where: {age: 1}, exclude: three}\n"
            "  three: {where: {any: [{age: 2}, {not_in_segment: one}]}}",
            "one > two > three > one",
        ),
        (
            "one: {where: {in_segment: pick__two}}\n  two: {where: {in_segment: one}}\n"
            "waterfalls:\n  pick: {first_match: [two]}",
            "one > pick__two > two > one",
        ),
    ],
)
def test_rule_08_a_cycle_is_an_error_that_prints_the_path(
    tmp_path: Path, text: str, path: str
) -> None:
    found = mistake(tmp_path, f"version: 1\nsegments:\n  {text}\n")
    assert f"segments/spec.yml:3:3: a circle of segments: {path}\n" in found


def test_rule_08_a_segment_never_sees_anothers_earlier_run(tmp_path: Path) -> None:
    text = spec("last_order_at: {within: 30 days}", "not_in_segment: s0", "in_segment: s1")
    files = harness.compile_folder(harness.write_spec(tmp_path, text))
    shop = Shop(people("last_order_at", "2026-07-10 10:00:00", "2026-06-20 10:00:00"))
    with duckdb.connect() as connection:
        shop.create(connection)
        harness.run_models(connection, files)
        assert harness.members(connection) == {"s0": {"a", "b"}, "s1": set(), "s2": set()}
        connection.execute("update int_clock set as_of = as_of + interval 10 days")
        connection.execute("update int_clock set local_as_of = local_as_of + interval 10 days")
        harness.run_models(connection, files)
        assert harness.members(connection) == {"s0": {"a"}, "s1": {"b"}, "s2": {"b"}}


# --- 9: text as it stands, types that fit -------------------------------------------

CITIES = ("Wien", "wien", "Wien ", "Wi\u00ebn", "Wie\u0308n", "WIEN")


def test_rule_09_case_accents_and_spaces_count(tmp_path: Path) -> None:
    check(tmp_path, Shop(people("city", *CITIES)), {
        "city: Wien": "a", "city: [Wien, wien]": "ab", "city: {ne: Wien}": "bcdef",
        "city: 'Wien '": "c", "city: {contains: ie}": "abce", "city: {starts_with: W}": "acdef",
        "city: {ends_with: n}": "abde", "city: {ends_with: ' '}": "c",
        "city: {matches: ^Wi}": "acde",
        'city: "Wi\u00ebn"': "d", 'city: "Wie\u0308n"': "e", 'city: " Wien"': "",
    })  # fmt: skip


def test_rule_09_ignore_case_ignores_case_and_nothing_else(tmp_path: Path) -> None:
    check(tmp_path, Shop(people("city", *CITIES, "\u00d6D", "\u00f6d")), {
        "city: {eq: wIEN, ignore_case: true}": "abf",
        "city: {ne: wIEN, ignore_case: true}": "cdegh",
        "city: {in: [WIEN], ignore_case: true}": "abf",
        "city: {not_in: [WIEN], ignore_case: true}": "cdegh",
        "city: {contains: IE, ignore_case: true}": "abcef",
        "city: {starts_with: w, ignore_case: true}": "abcdef",
        "city: {ends_with: EN, ignore_case: true}": "abf",
        "city: {matches: ^wie, ignore_case: true}": "abcef",
        "city: {eq: wien, ignore_case: false}": "b",
        'city: {eq: "\u00f6D", ignore_case: true}': "gh",
    })  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("age: Wien", "`Wien` is not a number"),
        ("age: '30'", "`30` is not a number"),
        ("age: {gt: '30'}", "`30` is not a number"),
        ("age: [1, '2']", "`2` is not a number"),
        ("age: true", "`True` is not a number"),
        ("city: 1010", "`1010` is not a text"),
        ("city: {contains: 1}", "`1` is not a text"),
        ("city: true", "`True` is not a text"),
        ("is_reachable: 1", "`1` is not true or false"),
        ("is_reachable: 'true'", "`true` is not true or false"),
        ("birth_date: 5", "`5` is not a date"),
        ("last_order_at: {after: 5}", "`5` is not a date"),
        ("interests: {has_any: [1]}", "`1` is not a text"),
        ("interests: {length: {gt: many}}", "`many` is not a number"),
        ("city: {gt: 5}", "`gt` does not fit city, which is a text"),
        ("age: {contains: '3'}", "`contains` does not fit age, which is a number"),
        ("age: {within: 3 days}", "`within` does not fit age, which is a number"),
        ("revenue: {gt: {attribute: city}}", "city is a text, revenue is a number"),
        ("did: orders, where: {amount: many}", "`many` is not a number"),
        ("did: orders, sum: {of: channel, gt: 1}", "channel is a text"),
        ("sql: age > 'x'", "a number and a text in `age > 'x'`"),
        ("sql: city = 5", "a number and a text in `city = 5`"),
    ],
)
def test_rule_09_a_wrong_type_is_an_error_not_a_cast(
    tmp_path: Path, condition: str, message: str
) -> None:
    assert message in mistake(tmp_path, spec(condition))


# --- 10: shares ---------------------------------------------------------------------


def share(seed: str, key: str) -> float:
    """Return the bucket of a key: the first 8 hex digits of md5, as a share of all."""
    return int(hashlib.md5(f"{seed}:{key}".encode()).hexdigest()[:8], 16) / 16**8


KEYS = [f"c{number}" for number in range(300)]


def crowd(keys: Sequence[str] = KEYS) -> Shop:
    return Shop([{"customer_id": key} for key in keys])


def variants(shop: Shop, folder: Path, shares: dict[str, float], seed: str) -> dict[str, str]:
    """Return the variant of everybody in a segment that is split."""
    split = json.dumps({"seed": seed, "variants": shares})
    text = f"version: 1\nsegments:\n  s: {{where: {{did_not: orders}}, split: {split}}}\n"
    files = harness.compile_folder(harness.write_spec(folder, text))
    with duckdb.connect() as connection:
        shop.create(connection)
        harness.run_models(connection, files)
        return harness.variants(connection)["s"]


def test_rule_10_a_bucket_depends_on_seed_and_key_alone(tmp_path: Path) -> None:
    conditions = ("sample: {percent: 30, seed: x}", "sample: {percent: 30, seed: y}")
    members = crowd().members(tmp_path, spec(*conditions))
    assert members["s0"] == {key for key in KEYS if share("x", key) < 0.3}
    assert members["s1"] == {key for key in KEYS if share("y", key) < 0.3}
    assert members["s0"] != members["s1"]
    others = [*(f"new{number}" for number in range(50)), *KEYS[::-2]]
    again = replace(crowd(others), as_of="2020-01-01 00:00:00", timezone="UTC")
    assert again.members(tmp_path, spec(*conditions))["s0"] & {*KEYS[::-2]} == (
        members["s0"] & {*KEYS[::-2]}
    )


def test_rule_10_nobody_is_in_a_sample_of_0_and_all_are_in_one_of_100(tmp_path: Path) -> None:
    texts = [f"sample: {{percent: {percent}, seed: x}}" for percent in (0, 5, 5.5, 60, 100)]
    members = [*crowd().members(tmp_path, spec(*texts)).values()]
    assert (members[0], members[-1]) == (set(), {*KEYS})
    assert all(less <= more for less, more in pairwise(members))
    assert members[1] == {key for key in KEYS if share("x", key) < 0.05}


def test_rule_10_everybody_has_the_variant_of_the_bucket(tmp_path: Path) -> None:
    found = variants(crowd(), tmp_path, {"control": 10, "a": 45, "b": 45}, "spring")
    cuts = {"control": (0, 0.1), "a": (0.1, 0.55), "b": (0.55, 1)}
    for name, (low, high) in cuts.items():
        chosen = {key for key, variant in found.items() if variant == name}
        assert chosen == {key for key in KEYS if low <= share("spring", key) < high}
        assert chosen


@pytest.mark.parametrize(
    ("after", "grown"),
    [
        ({"control": 20, "a": 40, "b": 40}, "control"),
        ({"control": 10, "a": 50, "b": 40}, "a"),
        ({"control": 5, "a": 50, "b": 45}, "a"),
        ({"control": 0, "a": 45, "b": 55}, "b"),
        ({"control": 10, "a": 0, "b": 90}, "b"),
    ],
)
def test_rule_10_enlarging_a_variant_only_adds_people_to_it(
    tmp_path: Path, after: dict[str, float], grown: str
) -> None:
    before = variants(crowd(), tmp_path, {"control": 10, "a": 45, "b": 45}, "spring")
    later = variants(crowd(), tmp_path, after, "spring")
    assert before.keys() == later.keys() == {*KEYS}
    had = {key for key, variant in before.items() if variant == grown}
    assert had < {key for key, variant in later.items() if variant == grown}


# --- 11: what is unknown ------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "column", "message", "remedy"),
    [
        ("agee: 1", 13, "there is no attribute or condition `agee`", "age"),
        ("dit: orders", 13, "there is no attribute or condition `dit`", "did"),
        ("did: order", 18, "there is no activity `order`", "orders"),
        ("did_not: order", 22, "there is no activity `order`", "orders"),
        ("did: events.view", 18, "events has no type `view`", "events.viewed"),
        ("did: orders, where: {amout: 1}", 34, "activity orders has no column `amout`", "amount"),
        ("did: orders, sum: {of: amout, gt: 1}", 36, "activity orders has no column", "amount"),
        ("did: orders, cuont: 1", 26, "unknown key `cuont`", "count"),
        ("did: orders, count: {gtt: 1}", 34, "unknown test `gtt`", "gt"),
        ("age: {gtt: 1}", 19, "unknown test `gtt`", "gt"),
        ("age: {gt: {attribute: revenu}}", 35, "entity customer has no attribute", "revenue"),
        ("age: {top: 1, per: contry}", 32, "entity customer has no attribute", "country"),
        ("country: FR", 22, "`FR` is not a value of country", ""),
        ("in_segment: s1", 25, "there is no segment `s1`", "s0"),
        ("not_in_segment: s1", 29, "there is no segment `s1`", "s0"),
        ("on_list: freinds", 22, "there is no list `freinds`", "friends"),
        ("last_order_at: {within: 3 dais}", 37, "`3 dais` is not a period", "days"),
        ("did: orders, within: 3 dais", 34, "`3 dais` is not a period", "days"),
        ("did: orders, this: fortnight", 32, "`fortnight` is not a calendar unit", ""),
        ("birth_date: {anniversary: {nxt: 1 day}}", 39, "`nxt` is not a kind of", ""),
        ("home: {near: {lat: 1, lon: 1, within: 3 miles}}", 51, "not a distance", ""),
        ("sample: {percent: 1, sede: x}", 34, "unknown key `sede`", "seed"),
        ("sequence: {stpes: []}", 24, "unknown key `stpes`", "steps"),
        ("sequence: {steps: [{did: orders, count: 1}]}", 46, "unknown key `count`", ""),
        ("sql: agee > 1", 18, "there is no attribute `agee`", "age"),
    ],
)
def test_rule_11_an_unknown_name_is_an_error_with_its_place_and_the_nearest(
    tmp_path: Path, condition: str, column: int, message: str, remedy: str
) -> None:
    with pytest.raises(SpecErrors) as caught:
        harness.read(harness.write_spec(tmp_path, spec(condition)))
    (problem,) = (one for one in caught.value.problems if one.message.startswith(message))
    assert str(problem.place) == f"segments/spec.yml:4:{column}"
    assert problem.nearest == remedy


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("segmets: {}", "unknown key `segmets`", "segments"),
        ("segments: {s: {whree: {age: 1}}}", "unknown key `whree`", "where"),
        ("segments: {s: {where: {age: 1}, kind: dinamic}}", "unknown kind `dinamic`", "dynamic"),
        ("segments: {s: {where: {age: 1}, entity: custmer}}", "there is no entity", "customer"),
        ("segments: {s: {where: {age: 1}, include: freinds}}", "there is no list", "friends"),
        ("segments: {s: {where: {age: 1}, exclude: freinds}}", "there is no segment or", "friends"),
        ("segments: {s: {where: {age: 1}, active: {form: 2026-01-01}}}", "unknown key", "from"),
        ("segments: {s: {where: {age: 1}, limit: {top: 1, by: agee}}}", "entity customer", "age"),
        ("segments: {s: {where: {age: 1}, limit: {top: 1, bye: age}}}", "unknown key", "by"),
        ("segments: {s: {where: {age: 1}, split: {sed: x}}}", "unknown key `sed`", "seed"),
        ("segments: {s: {where: {age: 1}, expect: {membres: {}}}}", "unknown key", "members"),
        ("ladders: {l: {by: agee, tiers: {a: 1}}}", "entity customer has no attribute", "age"),
        ("ladders: {l: {by: age, teirs: {a: 1}}}", "unknown key `teirs`", "tiers"),
        ("waterfalls: {w: {first_macth: [s]}}", "unknown key `first_macth`", "first_match"),
        (
            "segments: {buyers: {where: {age: 1}}, s: {where: {in_segment: buyer}}}",
            "there is no segment `buyer`",
            "buyers",
        ),
    ],
)
def test_rule_11_an_unknown_key_or_name_of_a_whole_segment_is_an_error(
    tmp_path: Path, text: str, message: str, remedy: str
) -> None:
    with pytest.raises(SpecErrors) as caught:
        harness.read(harness.write_spec(tmp_path, f"version: 1\n{text}\n"))
    found = [one for one in caught.value.problems if one.message.startswith(message)]
    assert {(one.place.line, one.nearest) for one in found} == {(2, remedy)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("segments:\n  s: {where: {age: 1}}\n  s: {where: {age: 2}}", "`s` stands here twice"),
        ("segments: {s: {where: {age: {gt: 1, gt: 2}}}}", "`gt` stands here twice"),
        ("segments: {s: {where: {age: 1}}}\nladders: {s: {by: age, tiers: {a: 1}}}",
         "`s` is declared at segments/spec.yml:2:12 already"),
        ("segments: {s: {where: {age: 1}, split: {seed: x, variants: {a: 50, a: 50}}}}",
         "`a` stands here twice"),
        ("ladders: {s: {by: age, tiers: {a: 1, a: 2}}}", "`a` stands here twice"),
        ("segments: {s: {where: {age: 1}}}\nwaterfalls: {w: {first_match: [s, s]}}",
         "`s` stands here twice"),
    ],
)  # fmt: skip
def test_rule_11_the_same_name_twice_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    assert message in mistake(tmp_path, f"version: 1\n{text}\n")


def test_rule_11_the_same_name_in_two_files_is_an_error(tmp_path: Path) -> None:
    folder = harness.write_spec(tmp_path, spec("age: 1"))
    (folder / "more.yml").write_text(spec("age: 2"), encoding="utf-8")
    with pytest.raises(SpecErrors) as caught:
        harness.read(folder)
    assert "`s0` is declared at segments/more.yml:3:3 already" in str(caught.value)


def test_rule_11_a_list_and_a_segment_of_one_name_cannot_be_told_apart(tmp_path: Path) -> None:
    text = "version: 1\nsegments:\n  friends: {where: {age: 1}}\n"
    text += "  s: {where: {age: 1}, exclude: friends}\n"
    assert "`friends` is both a segment and a list" in mistake(tmp_path, text)


# --- 12: a broken spec --------------------------------------------------------------


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was compiled, and then got a broken spec."""
    root = tmp_path_factory.mktemp("project") / "shop"
    shutil.copytree(harness.PROJECT, root)
    (root / "dbt_project.yml").write_text("name: shop\nprofile: shop\n", encoding="utf-8")
    profile = "shop: {target: dev, outputs: {dev: {type: duckdb}}}\n"
    (root / "profiles.yml").write_text(profile, encoding="utf-8")
    folder = harness.write_spec(root, spec("age: 1"))
    assert kohorte("compile", cwd=root).returncode == 0
    (folder / "good.yml").write_text(spec("age: 3").replace("s0", "good"), encoding="utf-8")
    (folder / "spec.yml").write_text(spec("agee: 1"), encoding="utf-8")
    (folder / "other.yml").write_text("version: 2\n", encoding="utf-8")
    return root


def everything_in(root: Path) -> dict[Path, tuple[int, bytes]]:
    return {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in root.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("command", ["validate", "compile"])
def test_rule_12_a_broken_spec_fails_before_anything_is_touched(
    project: Path, command: str
) -> None:
    before = everything_in(project)
    result = kohorte(command, cwd=project)
    assert result.returncode == 1
    assert "segments/spec.yml:4:13: there is no attribute or condition `agee`" in result.stderr
    assert "segments/other.yml:1:10: an unknown version" in result.stderr
    assert "Traceback" not in result.stderr
    assert any("generated" in path.parts for path in before)
    assert everything_in(project) == before


def test_rule_12_validating_writes_nothing_even_when_all_is_well(
    project: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(project, tmp_path / "shop")
    (root / "segments" / "spec.yml").write_text(spec("age: 7"), encoding="utf-8")
    (root / "segments" / "other.yml").write_text("version: 1\n", encoding="utf-8")
    before = everything_in(root)
    result = kohorte("validate", cwd=root)
    assert (result.returncode, result.stdout) == (0, "2 segments, no mistake\n")
    assert everything_in(root) == before
    assert kohorte("compile", cwd=root).returncode == 0
    assert everything_in(root) != before
