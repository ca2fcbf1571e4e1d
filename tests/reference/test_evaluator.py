"""Hand-made examples for the reference evaluator; every expected answer was worked out by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import yaml

from tests.reference.evaluator import (
    Activity,
    SpecError,
    World,
    evaluate,
    sha256_bucket,
    variants,
)
from tests.reference.patterns import compile_pattern
from tests.reference.windows import Clock, Span, parse_span

VIENNA = "Europe/Vienna"
AS_OF = datetime(2026, 7, 15, 10, 0, tzinfo=UTC)  # a Wednesday, noon in Vienna


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def vienna(text: str) -> datetime:
    """Return the naive UTC timestamp of a local time that exists once."""
    return Clock(AS_OF, VIENNA).at_wall(datetime.fromisoformat(text)).instant.replace(tzinfo=None)


def world_of(kind: str, *values: Any, as_of: datetime = AS_OF, **more: Any) -> World:
    """Make a world of customers a, b, c … with one attribute x."""
    customers = [{"customer_id": chr(97 + at), "x": value} for at, value in enumerate(values)]
    return World(as_of, VIENNA, "customer_id", {"x": kind}, customers, **more)


def table(attributes: Mapping[str, str], *rows: Sequence[Any], **more: Any) -> World:
    """Make a world of customers a, b, c … with several attributes."""
    customers = [
        {"customer_id": chr(97 + at), **dict(zip(attributes, row, strict=True))}
        for at, row in enumerate(rows)
    ]
    return World(AS_OF, VIENNA, "customer_id", attributes, customers, **more)


def orders_of(
    rows: Sequence[tuple[str, Any, float | None]], customers: str = "abcd", as_of: datetime = AS_OF
) -> World:
    """Make a world with orders: customer, ordered_at, amount."""
    columns = {"ordered_at": "timestamp", "amount": "number", "product": "text"}
    named = [
        {"customer_id": key, "ordered_at": at, "amount": amount, "product": "p"}
        for key, at, amount in rows
    ]
    orders = Activity("ordered_at", None, "customer_id", columns, named)
    people = [{"customer_id": key} for key in customers]
    return World(as_of, VIENNA, "customer_id", {}, people, activities={"orders": orders})


def events_of(*rows: tuple[str, str, str, str | None], customers: str = "abcd") -> World:
    """Make a world with events: customer, local time, name, product."""
    named = [
        {"who": key, "at": vienna(at), "name": name, "product": product}
        for key, at, name, product in rows
    ]
    columns = {"name": "text", "product": "text"}
    people = [{"customer_id": key} for key in customers]
    events = Activity("at", "name", "who", columns, named)
    return World(AS_OF, VIENNA, "customer_id", {}, people, activities={"events": events})


def who(condition: str, world: World) -> str:
    """Evaluate one condition, written in YAML; return the members as 'ab'."""
    document = {"segments": {"s": {"where": yaml.safe_load(condition)}}}
    return "".join(sorted(evaluate(document, world)["s"]))


def run(document: str, world: World) -> dict[str, str]:
    """Evaluate a whole document, written in YAML."""
    result = evaluate(yaml.safe_load(document), world)
    return {name: "".join(sorted(members)) for name, members in result.items()}


class TestRules:
    CONDITIONS = (
        "{x: {gt: 2}}",
        "{x: {lt: 2}}",
        "{x: {ne: 2}}",
        "{x: {not_in: [1, 2]}}",
        "{x: {top: 50%}}",
        "{x: {gt: {attribute: y}}}",
        "{x: {ne: {attribute: y}}}",
        "{did: orders, count: {lte: 1}}",
        "{did: orders, avg: {of: amount, gt: 5}}",
        "{did: orders, min: {of: amount, ne: 5}}",
        "{on_list: vips}",
    )

    def rule_world(self) -> World:
        world = table(
            {"x": "number", "y": "number"}, [1, 1], [2, None], [None, 3], [4, 2], [None, None]
        )
        rows = [("a", utc("2026-07-01"), 5.0), ("a", utc("2026-07-02"), 9.0), ("b", AS_OF, 1.0)]
        return replace(world, activities=orders_of(rows).activities, lists={"vips": ["a", "zz"]})

    @pytest.mark.parametrize("condition", CONDITIONS)
    def test_rule_1_every_condition_is_true_or_false_for_everyone(self, condition: str) -> None:
        world = self.rule_world()
        yes = set(who(condition, world))
        no = set(who(f"not: [{condition}]", world))
        assert yes | no == set("abcde")
        assert not yes & no

    def test_rule_2_a_test_of_a_missing_value_is_false(self) -> None:
        world = world_of("number", 1, None, 5)
        assert who("x: {lt: 3}", world) == "a"
        assert who("x: {gte: 1}", world) == "ac"
        assert who("x: 1", world) == "a"

    def test_rule_2_older_than_is_a_positive_test(self) -> None:
        world = world_of("date", date(2020, 1, 1), None)
        assert who("x: {older_than: 30 days}", world) == "a"

    @pytest.mark.parametrize(
        ("negative", "positive"),
        [("ne: AT", "eq: AT"), ("not_in: [AT]", "in: [AT]"), ("not_contains: A", "contains: A")],
    )
    def test_rule_2_negative_tests_are_the_complement(self, negative: str, positive: str) -> None:
        world = world_of("text", "AT", None, "DE")
        assert who(f"x: {{{positive}}}", world) == "a"
        assert who(f"x: {{{negative}}}", world) == "bc"

    def test_rule_2_not_within_and_has_none_pass_the_missing(self) -> None:
        days = world_of("date", date(2026, 7, 10), None, date(2020, 1, 1), date(2027, 1, 1))
        assert who("x: {not_within: 30 days}", days) == "bcd"
        lists = world_of("list", ["shoes"], None, [])
        assert who("x: {has_none: [shoes, hats]}", lists) == "bc"

    def test_rule_2_missing_overrides_one_test(self) -> None:
        world = world_of("number", 1, None, 5)
        assert who("x: {lt: 3, missing: include}", world) == "ab"
        assert who("x: {ne: 1, missing: exclude}", world) == "c"
        assert who("[{x: {lt: 3, missing: include}}, {x: {lt: 9}}]", world) == "a"

    def test_rule_3_a_and_not_a_are_everyone(self) -> None:
        world = orders_of([("a", utc("2026-07-01"), 1.0)])
        assert who("did: orders", world) == "a"
        assert who("did_not: orders", world) == "bcd"
        assert who("not: {did: orders}", world) == "bcd"

    def test_rule_3_zero_counts_are_counted(self) -> None:
        rows = [("a", utc("2026-07-01"), 1.0)] * 3 + [("b", utc("2026-07-01"), 1.0)]
        world = orders_of(rows)
        assert who("{did: orders, count: {lte: 2}}", world) == "bcd"
        assert who("{did: orders, count: 0}", world) == "cd"
        assert who("{did_not: orders, count: {lte: 2}}", world) == "a"

    def test_rule_4_start_in_end_out(self) -> None:
        start = vienna("2026-06-15 12:00")
        rows = [
            ("a", start, 1.0),
            ("b", start - timedelta(microseconds=1), 1.0),
            ("c", AS_OF.replace(tzinfo=None), 1.0),
            ("d", AS_OF.replace(tzinfo=None) - timedelta(microseconds=1), 1.0),
        ]
        assert who("{did: orders, within: 30 days}", orders_of(rows)) == "ad"

    def test_rule_4_days_step_on_the_wall_clock_hours_exactly(self) -> None:
        # clocks went forward in the night to 29 March 2026: a day of 23 hours
        as_of = datetime(2026, 3, 29, 10, 0, tzinfo=UTC)  # noon
        rows = [("a", utc("2026-03-28 10:30"), 1.0), ("b", utc("2026-03-28 11:30"), 1.0)]
        world = orders_of(rows, as_of=as_of)
        assert who("{did: orders, within: 1 day}", world) == "b"
        assert who("{did: orders, within: 24 hours}", world) == "ab"

    def test_rule_4_a_day_of_25_hours(self) -> None:
        as_of = datetime(2026, 10, 25, 11, 0, tzinfo=UTC)  # noon, standard time
        rows = [("a", utc("2026-10-24 10:00"), 1.0), ("b", utc("2026-10-24 11:00"), 1.0)]
        world = orders_of(rows, as_of=as_of)
        assert who("{did: orders, within: 1 day}", world) == "ab"
        assert who("{did: orders, within: 24 hours}", world) == "b"

    def test_rule_5_a_month_back_from_the_31st(self) -> None:
        as_of = datetime(2026, 3, 31, 10, 0, tzinfo=UTC)  # noon, summer time
        rows = [("a", utc("2026-02-28 11:00"), 1.0), ("b", utc("2026-02-28 10:59"), 1.0)]
        assert who("{did: orders, within: 1 month}", orders_of(rows, as_of=as_of)) == "a"

    def test_rule_5_a_year_back_from_29_february(self) -> None:
        clock = Clock(datetime(2024, 2, 29, 11, 0, tzinfo=UTC), VIENNA)
        assert clock.back(Span(1, "year")).wall == datetime(2023, 2, 28, 12, 0)
        assert clock.back(Span(4, "year")).wall == datetime(2020, 2, 29, 12, 0)
        assert clock.back(Span(3, "month")).wall == datetime(2023, 11, 29, 12, 0)

    def test_rule_5_29_february(self) -> None:
        born = (date(2000, 2, 29), date(2000, 2, 28), date(2000, 3, 1))
        common = world_of("date", *born, as_of=datetime(2026, 2, 28, 11, 0, tzinfo=UTC))
        assert who("x: {anniversary: today}", common) == "ab"
        leap = world_of("date", *born, as_of=datetime(2028, 2, 28, 11, 0, tzinfo=UTC))
        assert who("x: {anniversary: today}", leap) == "b"
        leap_day = world_of("date", *born, as_of=datetime(2028, 2, 29, 11, 0, tzinfo=UTC))
        assert who("x: {anniversary: today}", leap_day) == "a"

    def test_rule_5_anniversaries_cross_the_new_year(self) -> None:
        born = (date(1990, 1, 2), date(1990, 12, 30), date(1990, 1, 6), date(1990, 12, 29))
        world = world_of("date", *born, as_of=datetime(2026, 12, 30, 11, 0, tzinfo=UTC))
        assert who("x: {anniversary: {next: 7 days}}", world) == "ab"
        january = world_of("date", *born, as_of=datetime(2027, 1, 3, 11, 0, tzinfo=UTC))
        assert who("x: {anniversary: {last: 5 days}}", january) == "abd"

    def test_rule_6_ranking_ignores_the_missing_and_rounds_up(self) -> None:
        world = world_of("number", *range(11), None, None, None)
        assert who("x: {top: 10%}", world) == "jk"
        assert who("x: {bottom: 10%}", world) == "ab"
        assert who("x: {top: 1}", world) == "k"
        assert who("x: {top: 0.1%}", world) == "k"

    def test_rule_6_ties_are_broken_by_key(self) -> None:
        world = world_of("number", 5, 7, 5, 5)
        assert who("x: {top: 2}", world) == "ab"
        assert who("x: {bottom: 2}", world) == "ac"

    def test_rule_7_aggregates_over_nothing(self) -> None:
        world = orders_of([("a", utc("2026-07-01"), 5.0), ("b", utc("2026-07-01"), None)])
        assert who("{did: orders, sum: {of: amount, lt: 9}}", world) == "abcd"
        assert who("{did: orders, distinct: {of: amount, eq: 0}}", world) == "bcd"
        assert who("{did: orders, avg: {of: amount, lt: 9}}", world) == "a"
        assert who("{did: orders, min: {of: amount, is_set: false}}", world) == "bcd"
        assert who("{did: orders, max: {of: amount, ne: 5}}", world) == "bcd"

    def test_rule_8_diamonds_are_fine(self) -> None:
        document = """
        segments:
          top: {where: [{in_segment: left}, {in_segment: right}]}
          left: {where: [{in_segment: base}, {x: {gt: 1}}]}
          right: {where: [{in_segment: base}, {x: {lt: 4}}]}
          base: {where: [{x: {is_set: true}}]}
        """
        assert run(document, world_of("number", 1, 2, 3, 4, None))["top"] == "bc"

    def test_rule_8_a_cycle_prints_its_path(self) -> None:
        document = """
        segments:
          one: {where: [{in_segment: two}]}
          two: {where: [{not_in_segment: three}]}
          three: {where: [], exclude: [one]}
        """
        with pytest.raises(SpecError, match="one -> two -> three -> one"):
            run(document, world_of("number", 1))

    def test_rule_8_history_is_not_seen_by_in_segment(self) -> None:
        world = world_of("number", 1, 2, history={"base": [("a", utc("2026-01-01"), None)]})
        document = "segments: {base: {where: [{x: 2}]}, s: {where: [{in_segment: base}]}}"
        assert run(document, world)["s"] == "b"

    def test_rule_9_text_as_it_stands(self) -> None:
        world = world_of("text", "Élan", "élan", "elan", "élan ")
        assert who("x: élan", world) == "b"
        assert who("x: {eq: ÉLAN, ignore_case: true}", world) == "ab"
        assert who("x: {starts_with: é}", world) == "bd"

    @pytest.mark.parametrize(
        ("kind", "test"),
        [
            ("number", "'5'"),
            ("number", "true"),
            ("text", "5"),
            ("text", "{gt: 5}"),
            ("boolean", "1"),
            ("date", "5"),
            ("timestamp", "{gt: 5}"),
            ("number", "{contains: a}"),
            ("list", "shoes"),
            ("number", "null"),
            ("date", "2026-01-01 10:00:00"),
        ],
    )
    def test_rule_9_types_must_fit(self, kind: str, test: str) -> None:
        with pytest.raises(SpecError):
            who(f"x: {test}", world_of(kind))

    def test_rule_10_a_share_is_stable(self) -> None:
        world = world_of("number", *range(26))
        small = set(who("sample: {percent: 20, seed: spring}", world))
        large = set(who("sample: {percent: 60, seed: spring}", world))
        assert small <= large
        half = replace(world, customers=world.customers[::2])
        assert set(who("sample: {percent: 60, seed: spring}", half)) == large & set("acegikmoqsuwy")

    def test_rule_10_enlarging_a_variant_only_adds(self) -> None:
        world = world_of("number", *range(26))

        def split(control: int, one: int, two: int) -> dict[str, str]:
            shares = {"control": control, "one": one, "two": two}
            segment = {"where": [], "split": {"seed": "spring", "variants": shares}}
            return variants({"segments": {"s": segment}}, world)["s"]

        before, after = split(10, 45, 45), split(10, 60, 30)
        assert {key for key in before if before[key] == "one"} <= {
            key for key in after if after[key] == "one"
        }
        assert set(before) == set("abcdefghijklmnopqrstuvwxyz")

    @pytest.mark.parametrize(
        "where",
        [
            "y: 5",
            "x: {above: 5}",
            "did: visits",
            "{did: orders, since: 5 days}",
            "{did: orders, where: {colour: red}}",
            "{did: orders, within: 5 fortnights}",
            "{did: orders.placed}",
            "in_segment: nobody",
            "on_list: nobody",
            "{x: 5, did: orders}",
            "{on_list: vips, within: 5 days}",
            "x: {gt: 5, per: x}",
            "x: {gt: {attribute: y}}",
            "x: {}",
            "{}",
        ],
    )
    def test_rule_11_the_unknown_is_an_error(self, where: str) -> None:
        world = replace(world_of("number"), activities=orders_of([]).activities)
        with pytest.raises(SpecError):
            who(where, replace(world, lists={"vips": []}))

    @pytest.mark.parametrize(
        "document",
        [
            "{segment: {}}",
            "segments: {s: {where: [], kinds: dynamic}}",
            "segments: {s: {where: [], limit: {top: 5}}}",
            "{segments: {l__a: {where: []}}, ladders: {l: {by: x, tiers: {a: 1}}}}",
            "segments: {s: {kind: dynamic}}",
        ],
    )
    def test_rule_11_unknown_keys_and_names_used_twice(self, document: str) -> None:
        with pytest.raises(SpecError):
            run(document, world_of("number"))

    def test_rule_12_a_broken_spec_gives_no_result_at_all(self) -> None:
        document = "segments: {good: {where: []}, broken: {where: [{y: 1}]}}"
        with pytest.raises(SpecError):
            run(document, world_of("number", 1))


class TestWallClock:
    def test_a_missing_hour_moves_forward_by_the_gap(self) -> None:
        clock = Clock(datetime(2026, 3, 30, 0, 30, tzinfo=UTC), VIENNA)
        assert clock.back(Span(1, "day")).wall == datetime(2026, 3, 29, 2, 30)
        assert clock.back(Span(1, "day")).instant == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)

    def test_an_hour_that_exists_twice_is_the_later_one(self) -> None:
        clock = Clock(datetime(2026, 10, 26, 1, 30, tzinfo=UTC), VIENNA)
        assert clock.back(Span(1, "day")).instant == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)

    @pytest.mark.parametrize("text", ["30", "30 moons", "1.5 days", "-3 days", "3  days", "days"])
    def test_not_a_length_of_time(self, text: str) -> None:
        with pytest.raises(SpecError):
            parse_span(text)

    def test_calendar_windows(self) -> None:
        clock = Clock(AS_OF, VIENNA)
        spans = {}
        for unit in ("week", "month", "quarter", "year"):
            window = clock.window("previous", unit)
            assert window.start is not None
            assert window.end is not None
            spans[unit] = f"{window.start.wall:%Y-%m-%d} {window.end.wall:%Y-%m-%d}"
            this = clock.window("this", unit)
            assert this.start == window.end
            assert this.end == clock.as_of
        assert spans == {
            "week": "2026-07-06 2026-07-13",
            "month": "2026-06-01 2026-07-01",
            "quarter": "2026-04-01 2026-07-01",
            "year": "2025-01-01 2026-01-01",
        }


class TestAttributes:
    def test_numbers(self) -> None:
        world = world_of("number", 1, 2.5, 10, None)
        assert who("x: {between: [1, 2.5]}", world) == "ab"
        assert who("x: [1, 10]", world) == "ac"
        assert who("x: {gt: 1, lt: 10}", world) == "b"
        assert who("x: {is_set: false}", world) == "d"
        assert who("x: {is_set: true}", world) == "abc"

    def test_numbers_are_exact_in_decimals(self) -> None:
        rows = [("a", utc("2026-07-01"), 0.1), ("a", utc("2026-07-02"), 0.2)]
        assert who("{did: orders, sum: {of: amount, eq: 0.3}}", orders_of(rows)) == "a"

    def test_another_attribute_on_the_right(self) -> None:
        world = table({"x": "number", "y": "number"}, [5, 10], [5, 9], [5, None], [None, 1])
        assert who("x: {gt: {attribute: y, times: 0.5}}", world) == "b"
        assert who("x: {gte: {attribute: y, times: 0.5}}", world) == "ab"
        assert who("x: {ne: {attribute: y}}", world) == "abcd"
        assert who("x: {gt: {attribute: y}, missing: include}", world) == "cd"

    def test_times_on_the_right(self) -> None:
        world = table(
            {"x": "date", "y": "date"},
            [date(2026, 1, 1), date(2026, 1, 1)],
            [date(2026, 1, 2), date(2026, 1, 1)],
            [date(2026, 1, 1), date(2026, 1, 2)],
        )
        assert who("x: {before: {attribute: y}}", world) == "c"
        assert who("x: {after: {attribute: y}}", world) == "ab"
        assert who("x: {on: {attribute: y}}", world) == "a"

    def test_text(self) -> None:
        world = world_of("text", "shoe shop", "Shoe", "", None)
        assert who("x: {contains: shoe}", world) == "a"
        assert who("x: {contains: shoe, ignore_case: true}", world) == "ab"
        assert who("x: {ends_with: hop}", world) == "a"
        assert who("x: ''", world) == "c"

    def test_matches(self) -> None:
        world = world_of("text", "a1", "ba1", "a1\n", "A2", None)
        assert who(r"x: {matches: 'a\d'}", world) == "abc"
        assert who(r"x: {matches: '^a\d$'}", world) == "a"
        assert who(r"x: {matches: '^a\d$', ignore_case: true}", world) == "ad"

    @pytest.mark.parametrize("pattern", [r"(a)\1", "a(?=b)", "(?>a)", "a++", "(", r"\Z"])
    def test_what_re2_does_not_know(self, pattern: str) -> None:
        with pytest.raises(SpecError):
            compile_pattern(pattern, ignore_case=False)

    def test_patterns_mean_what_re2_means(self) -> None:
        def found(pattern: str, text: str) -> bool:
            return compile_pattern(pattern, ignore_case=False).search(text) is not None

        assert not found(r"^\w$", "é")
        assert not found(r"\d", "٣")
        assert found(r"^[[:alpha:]\d_-]+$", "ab-1_")
        assert found(r"^[]a]+$", "a]")
        assert found(r"(?i)^É$", "é")
        assert found(r"\bshoe\b", "a shoe.")
        assert found(r"^\x{e9}$", "é")
        assert isinstance(compile_pattern("(?P<n>a)", ignore_case=True), re.Pattern)

    def test_booleans(self) -> None:
        world = world_of("boolean", True, False, None)
        assert who("x: true", world) == "a"
        assert who("x: false", world) == "b"
        assert who("x: {ne: true}", world) == "bc"

    def test_lists(self) -> None:
        world = world_of("list", ["a", "b"], ["b"], [], None)
        assert who("x: {has_any: [a, z]}", world) == "a"
        assert who("x: {has_all: [a, b]}", world) == "a"
        assert who("x: {has_none: [a]}", world) == "bcd"
        assert who("x: {length: {gte: 1}}", world) == "ab"
        assert who("x: {length: 0}", world) == "c"
        assert who("x: {length: {lt: 2}, missing: include}", world) == "bcd"

    def test_percentile(self) -> None:
        world = world_of("number", *range(11), None)
        assert who("x: {percentile: {gte: 90}}", world) == "jk"
        assert who("x: {percentile: {lt: 10}}", world) == "a"
        assert who("x: {percentile: {gte: 0}}", world) == "abcdefghijk"

    def test_rank_inside_each_group(self) -> None:
        world = table(
            {"x": "number", "country": "text"},
            *([3, "AT"], [9, "AT"], [1, "DE"], [2, "DE"], [7, None], [8, None], [None, "DE"]),
        )
        assert who("x: {top: 1, per: country}", world) == "bdf"
        assert who("x: {bottom: 50%, per: country}", world) == "ace"
        assert who("x: {percentile: {gt: 50}, per: country}", world) == "bdf"

    def test_near(self) -> None:
        attributes = {"lat": "number", "lon": "number"}
        # Vienna, Bratislava (about 55 km away), no longitude
        world = table(attributes, [48.2082, 16.3738], [48.1486, 17.1077], [48.2, None])
        near = "place: {near: {lat: 48.2082, lon: 16.3738, within: %s}}"
        assert who(near % "25 km", world) == "a"
        assert who(near % "60 km", world) == "ab"
        assert who(near % "54 km", world) == "a"
        named = replace(world, places={"home": ("lat", "lon")})
        assert who(near.replace("place", "home") % "0 m", named) == "a"

    def test_a_degree_of_the_equator(self) -> None:
        # 6371.0088 km * pi / 180 = 111.195 km
        world = table({"home_lat": "number", "home_lon": "number"}, [0, 1], [0, 1.0001])
        assert who("home: {near: {lat: 0, lon: 0, within: 111.196 km}}", world) == "a"


class TestDates:
    def test_within_on_dates_compares_midnight_with_the_wall_clock(self) -> None:
        days = (date(2026, 6, 15), date(2026, 6, 16), date(2026, 7, 15), date(2026, 7, 16))
        assert who("x: {within: 30 days}", world_of("date", *days)) == "bc"
        midnight = datetime(2026, 7, 14, 22, 0, tzinfo=UTC)
        assert who("x: {within: 30 days}", world_of("date", *days, as_of=midnight)) == "ab"

    def test_within_older_than_and_next_are_apart(self) -> None:
        now = AS_OF.replace(tzinfo=None)
        start = now - timedelta(days=30)
        second = timedelta(seconds=1)
        world = world_of("timestamp", start, start - second, now, now + timedelta(days=14), None)
        assert who("x: {within: 30 days}", world) == "a"
        assert who("x: {older_than: 30 days}", world) == "b"
        assert who("x: {not_within: 30 days}", world) == "bcde"
        assert who("x: {next: 14 days}", world) == "c"

    def test_before_after_between(self) -> None:
        days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1))
        world = world_of("date", *days)
        assert who("x: {before: 2026-01-01}", world) == "a"
        assert who("x: {after: 2026-01-01}", world) == "bcd"
        assert who("x: {between: [2026-01-01, 2026-02-01]}", world) == "bc"
        assert who("x: {between: ['2026-01-01', 160 days ago]}", world) == "bcd"

    def test_days_on_timestamps_are_local(self) -> None:
        world = world_of(
            "timestamp", utc("2025-12-31 22:59"), utc("2025-12-31 23:00"), utc("2026-01-01 23:00")
        )
        assert who("x: {on: 2026-01-01}", world) == "b"
        assert who("x: 2026-01-01", world) == "b"
        assert who("x: {before: 2026-01-01}", world) == "a"
        assert who("x: {between: [2026-01-01, 2026-01-02]}", world) == "b"

    def test_timestamps_in_specs_are_local_unless_zoned(self) -> None:
        world = world_of("timestamp", utc("2026-01-01 09:00"), utc("2026-01-01 10:00"))
        assert who("x: {after: 2026-01-01 11:00:00}", world) == "b"
        assert who("x: {after: 2026-01-01T09:00:00Z}", world) == "ab"
        assert who("x: 2026-01-01T10:00:00+01:00", world) == "a"

    def test_this_and_previous(self) -> None:
        days = (date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 16), date(2026, 6, 1))
        world = world_of("date", *days)
        assert who("x: {this: month}", world) == "b"
        assert who("x: {previous: month}", world) == "ad"

    def test_anniversaries(self) -> None:
        days = (date(1990, 7, 15), date(1980, 7, 21), date(1970, 7, 22), date(1960, 7, 8))
        world = world_of("date", *days, None)
        assert who("x: {anniversary: today}", world) == "a"
        assert who("x: {anniversary: {next: 7 days}}", world) == "ab"
        assert who("x: {anniversary: {last: 7 days}}", world) == "d"
        assert who("x: {anniversary: {month: 7}}", world) == "abcd"
        assert who("x: {anniversary: {month: 5}, missing: include}", world) == "e"

    def test_anniversaries_of_timestamps_are_local(self) -> None:
        world = world_of("timestamp", utc("1990-07-14 22:30"), utc("1990-07-15 22:30"))
        assert who("x: {anniversary: today}", world) == "a"


class TestGroups:
    def test_nesting(self) -> None:
        world = world_of("number", 1, 2, 3, 4)
        assert who("[{x: {gt: 1}}, {x: {lt: 4}}]", world) == "bc"
        assert who("any: [{x: 1}, {all: [{x: {gt: 2}}, {x: {lt: 4}}]}]", world) == "ac"
        assert who("none: [{x: 1}, {x: 2}]", world) == "cd"
        assert who("not: [{x: {gt: 1}}, {x: {lt: 4}}]", world) == "ad"

    def test_empty_groups(self) -> None:
        world = world_of("number", 1, 2)
        assert who("[]", world) == "ab"
        assert who("any: []", world) == ""
        assert who("none: []", world) == "ab"


class TestDid:
    def test_types_and_where(self) -> None:
        world = events_of(
            ("a", "2026-07-01 10:00", "viewed", "shoe"),
            ("b", "2026-07-01 10:00", "bought", "shoe"),
            ("c", "2026-07-01 10:00", "viewed", None),
            ("x", "2026-07-01 10:00", "viewed", "shoe"),
        )
        assert who("did: events.viewed", world) == "ac"
        assert who("did: events", world) == "abc"
        assert who("{did: events.viewed, where: {product: shoe}}", world) == "a"
        assert who("{did: events.viewed, where: {product: {ne: shoe}}}", world) == "c"
        assert who("{did_not: events.viewed, where: {product: shoe}}", world) == "bcd"

    def test_windows(self) -> None:
        world = orders_of(
            [
                ("a", vienna("2026-04-16 11:59"), 1.0),
                ("b", vienna("2026-04-16 12:00"), 1.0),
                ("c", vienna("2026-06-15 12:00"), 1.0),
                ("d", vienna("2026-07-15 00:00"), 1.0),
            ]
        )
        assert who("{did: orders, between: [90 days ago, 30 days ago]}", world) == "b"
        assert who("{did: orders, before: 2026-04-17}", world) == "ab"
        assert who("{did: orders, after: 2026-07-15}", world) == "d"
        assert who("{did: orders, this: week}", world) == "d"
        assert who("{did: orders, previous: quarter}", world) == "abc"
        assert who("{did: orders, within: 12 hours}", world) == "d"

    def test_the_future_does_not_count(self) -> None:
        world = orders_of([("a", utc("2026-07-15 10:00"), 1.0), ("b", utc("2026-07-15 09:59"), 1)])
        assert who("did: orders", world) == "b"
        assert who("{did: orders, after: 2026-01-01}", world) == "b"

    def test_aggregates(self) -> None:
        rows = [
            ("a", utc("2026-07-01"), 10.0),
            ("a", utc("2026-07-02"), 20.0),
            ("b", utc("2026-07-01"), 30.0),
            ("b", utc("2026-07-02"), 30.0),
            ("b", utc("2026-07-03"), None),
        ]
        world = orders_of(rows)
        assert who("{did: orders, sum: {of: amount, gte: 30}}", world) == "ab"
        assert who("{did: orders, avg: {of: amount, eq: 30}}", world) == "b"
        assert who("{did: orders, min: {of: amount, lte: 10}}", world) == "a"
        assert who("{did: orders, max: {of: ordered_at, after: 2026-07-03}}", world) == "b"
        assert who("{did: orders, distinct: {of: amount, gte: 2}}", world) == "a"
        assert who("{did: orders, count: {gte: 2}, sum: {of: amount, lt: 50}}", world) == "a"

    def test_which_speaks_about_that_one_occurrence(self) -> None:
        world = events_of(
            ("a", "2026-07-10 10:00", "bought", "shoe"),
            ("a", "2026-07-11 10:00", "bought", "hat"),
            ("b", "2026-01-01 10:00", "bought", "shoe"),
            ("b", "2026-07-11 10:00", "bought", "shoe"),
            ("c", "2026-07-01 10:00", "viewed", "hat"),
            ("c", "2026-07-11 10:00", "bought", "shoe"),
        )
        first = "{did: events.bought, which: first, within: 30 days, where: {product: shoe}}"
        assert who(first, world) == "ac"
        assert who(first.replace("did:", "did_not:"), world) == "bd"
        last = "{did: events.bought, which: last, where: {product: shoe}}"
        assert who(last, world) == "bc"

    def test_regularly(self) -> None:
        weeks = {"a": (1, 8, 15), "b": (1, 2, 3), "c": (1, 8, 29), "d": (7, 14, 28)}
        world = orders_of(
            [
                (key, AS_OF.replace(tzinfo=None) - timedelta(days=day), 1.0)
                for key, days in weeks.items()
                for day in days
            ]
        )
        assert who("{did: orders, regularly: {at_least: 3, of_last: 4 weeks}}", world) == "ad"
        assert who("{did: orders, regularly: {at_least: 3, of_last: 5 weeks}}", world) == "acd"


class TestSequence:
    def test_in_order_and_in_time(self) -> None:
        world = events_of(
            ("a", "2026-07-01 10:00", "viewed", "p"),
            ("a", "2026-07-02 10:00", "bought", "p"),
            ("b", "2026-07-02 10:00", "viewed", "p"),
            ("b", "2026-07-01 10:00", "bought", "p"),
            ("c", "2026-07-01 10:00", "viewed", "p"),
            ("c", "2026-07-08 10:00", "bought", "p"),
            ("d", "2026-07-01 10:00", "viewed", "p"),
            ("d", "2026-07-01 10:00", "bought", "p"),
        )
        steps = "steps: [{did: events.viewed}, {did: events.bought}]"
        assert who(f"sequence: {{{steps}}}", world) == "ac"
        assert who(f"sequence: {{{steps}, within: 7 days}}", world) == "a"
        assert who(f"sequence: {{{steps}, within: 8 days}}", world) == "ac"

    def test_a_later_start_may_do(self) -> None:
        world = events_of(
            ("a", "2026-06-01 10:00", "viewed", "p"),
            ("a", "2026-07-01 10:00", "viewed", "p"),
            ("a", "2026-07-02 10:00", "bought", "p"),
        )
        steps = "steps: [{did: events.viewed}, {did: events.bought}]"
        assert who(f"sequence: {{{steps}, within: 2 days}}", world) == "a"

    def test_same(self) -> None:
        world = events_of(
            ("a", "2026-07-01 10:00", "viewed", "p"),
            ("a", "2026-07-02 10:00", "bought", "q"),
            ("b", "2026-07-01 10:00", "viewed", "p"),
            ("b", "2026-07-02 10:00", "bought", "p"),
            ("c", "2026-07-01 10:00", "viewed", None),
            ("c", "2026-07-02 10:00", "bought", None),
        )
        steps = "steps: [{did: events.viewed}, {did: events.bought}]"
        assert who(f"sequence: {{{steps}, same: product}}", world) == "b"

    def test_did_not_between(self) -> None:
        world = events_of(
            ("a", "2026-07-01 10:00", "viewed", "p"),
            ("a", "2026-07-02 10:00", "carted", "q"),
            ("a", "2026-07-03 10:00", "bought", "p"),
            ("b", "2026-07-01 10:00", "viewed", "p"),
            ("b", "2026-07-02 10:00", "bought", "p"),
        )
        steps = "steps: [{did: events.viewed}, {did_not: events.carted}, {did: events.bought}]"
        assert who(f"sequence: {{{steps}}}", world) == "b"
        assert who(f"sequence: {{{steps}, same: product}}", world) == "ab"

    def test_did_not_at_the_end(self) -> None:
        world = events_of(
            ("a", "2026-07-01 10:00", "carted", "p"),
            ("b", "2026-07-01 10:00", "carted", "p"),
            ("b", "2026-07-01 20:00", "bought", "p"),
            ("c", "2026-07-01 10:00", "carted", "p"),
            ("c", "2026-07-05 20:00", "bought", "p"),
            ("d", "2026-07-01 09:00", "bought", "p"),
        )
        steps = "steps: [{did: events.carted}, {did_not: events.bought}]"
        assert who(f"sequence: {{{steps}, within: 24 hours}}", world) == "ac"
        assert who(f"sequence: {{{steps}}}", world) == "a"

    def test_did_not_at_the_start(self) -> None:
        world = events_of(
            ("a", "2026-07-01 10:00", "bought", "p"),
            ("b", "2026-06-20 10:00", "viewed", "p"),
            ("b", "2026-07-01 10:00", "bought", "p"),
            ("c", "2026-06-30 10:00", "viewed", "p"),
            ("c", "2026-07-01 10:00", "bought", "p"),
        )
        steps = "steps: [{did_not: events.viewed}, {did: events.bought}]"
        assert who(f"sequence: {{{steps}, within: 7 days}}", world) == "ab"
        assert who(f"sequence: {{{steps}}}", world) == "a"

    def test_steps_have_windows_and_where(self) -> None:
        world = events_of(
            ("a", "2026-07-01 10:00", "viewed", "p"),
            ("a", "2026-07-10 10:00", "bought", "p"),
            ("b", "2026-07-01 10:00", "viewed", "q"),
            ("b", "2026-07-10 10:00", "bought", "p"),
        )
        steps = "[{did: events.viewed, where: {product: p}}, {did: events.bought, within: 7 days}]"
        assert who(f"sequence: {{steps: {steps}}}", world) == "a"
        with pytest.raises(SpecError):
            who("sequence: {steps: [{did: events.viewed, count: 2}]}", world)


class TestSegments:
    HISTORY = (
        ("a", utc("2026-01-01"), None),
        ("b", utc("2026-07-10"), None),
        ("c", utc("2026-01-01"), vienna("2026-02-01")),
        ("d", utc("2026-05-01"), utc("2026-06-20")),
    )

    def test_for_at_least_and_entered(self) -> None:
        # e is a member for the first time
        world = world_of("number", 1, 1, 1, 0, 1, history={"base": self.HISTORY})
        base = "segments: {base: {where: [{x: 1}]}, s: {where: [%s]}}"

        def now(condition: str) -> str:
            return run(base % condition, world)["s"]

        assert now("{in_segment: base}") == "abce"
        assert now("{in_segment: base, for_at_least: 30 days}") == "a"
        assert now("{in_segment: base, entered: {within: 7 days}}") == "bce"
        assert now("{not_in_segment: base, for_at_least: 30 days}") == "bcde"

    def test_for_at_least_includes_its_edge(self) -> None:
        entered = vienna("2026-06-15 12:00")
        history = {"base": [("a", entered, None), ("b", entered + timedelta(seconds=1), None)]}
        document = """
        segments:
          base: {where: []}
          s: {where: [{in_segment: base, for_at_least: 30 days}]}
        """
        assert run(document, world_of("number", 1, 1, history=history))["s"] == "a"

    def test_was_in_segment(self) -> None:
        world = world_of("number", 0, 0, 0, 0, 0, history={"base": self.HISTORY})
        base = "segments: {base: {where: [{x: 1}]}, s: {where: [%s]}}"
        assert run(base % "{was_in_segment: base}", world)["s"] == "abcd"
        assert run(base % "{was_in_segment: base, within: 30 days}", world)["s"] == "abd"
        between = "{was_in_segment: base, between: [2026-02-01, 2026-05-01]}"
        assert run(base % between, world)["s"] == "a"

    def test_include_and_exclude(self) -> None:
        document = """
        segments:
          s: {where: [{x: {gte: 3}}], include: [staff], exclude: [blocked, tens]}
          tens: {where: [{x: 10}]}
          m: {kind: manual, include: [staff], exclude: [blocked]}
        """
        lists = {"staff": ["a", "b", "b", "unknown"], "blocked": ["b", "c"]}
        world = world_of("number", 1, 1, 3, 4, 10, lists=lists)
        assert run(document, world) == {"s": "ad", "tens": "e", "m": "a"}

    def test_on_list(self) -> None:
        world = world_of("number", 1, 2, lists={"vips": ["b", "b", "z"]})
        assert who("on_list: vips", world) == "b"
        assert who("not: {on_list: vips}", world) == "a"

    def test_limit(self) -> None:
        world = table(
            {"x": "number", "country": "text"}, [9, "AT"], [8, "AT"], [7, "DE"], [None, "DE"]
        )
        document = "segments: {s: {where: [], exclude: [e], limit: %s}, e: {where: [{x: 9}]}}"
        assert run(document % "{top: 1, by: x}", world)["s"] == "b"
        assert run(document % "{top: 9, by: x}", world)["s"] == "bc"
        assert run(document % "{top: 50%, by: x}", world)["s"] == "b"
        assert run(document % "{top: 1, by: x, per: country}", world)["s"] == "bc"

    def test_limit_breaks_ties_by_key(self) -> None:
        document = "segments: {s: {where: [], limit: {top: 2, by: x}}}"
        assert run(document, world_of("number", 5, 5, 5))["s"] == "ab"

    @pytest.mark.parametrize(
        ("active", "members"),
        [
            ("{from: 2026-07-15}", "a"),
            ("{from: 2026-07-16}", ""),
            ("{until: 2026-07-15}", ""),
            ("{until: 2026-07-16}", "a"),
            ("{from: 2026-07-01, until: 2026-08-01}", "a"),
        ],
    )
    def test_active(self, active: str, members: str) -> None:
        document = f"segments: {{s: {{where: [], active: {active}}}}}"
        assert run(document, world_of("number", 1))["s"] == members

    def test_a_snapshot_is_kept(self) -> None:
        document = "segments: {s: {kind: snapshot, where: [{x: 1}]}}"
        world = world_of("number", 1, 2)
        assert run(document, world)["s"] == "a"
        kept = replace(world, history={"s": [("b", utc("2026-01-01"), None)]})
        assert run(document, kept)["s"] == "b"

    def test_ladders(self) -> None:
        world = world_of("number", 499, 500, 750, 5000, None)
        document = "ladders: {status: {by: x, tiers: {gold: 1000, bronze: 500, silver: 750}}}"
        assert run(document, world) == {
            "status__gold": "d",
            "status__bronze": "b",
            "status__silver": "c",
        }

    def test_grace(self) -> None:
        document = "ladders: {l: {by: x, tiers: {low: 1, high: 9}, grace: 60 days}}"
        earned = {
            "l__high": [
                ("a", utc("2026-01-01"), utc("2026-07-01")),
                ("b", utc("2026-01-01"), utc("2026-05-01")),
                ("c", utc("2026-01-01"), None),
            ]
        }
        world = world_of("number", 1, 1, None, 9)
        assert run(document, world) == {"l__low": "ab", "l__high": "d"}
        assert run(document, replace(world, earned=earned)) == {"l__low": "b", "l__high": "acd"}

    def test_grace_ends_after_its_span(self) -> None:
        document = "ladders: {l: {by: x, tiers: {low: 1}, grace: 60 days}}"
        fell = vienna("2026-05-16 12:00")
        stays = [("a", utc("2026-01-01"), fell), ("b", utc("2026-01-01"), fell + timedelta(1))]
        world = world_of("number", 0, 0, earned={"l__low": stays})
        assert run(document, world) == {"l__low": "b"}

    def test_waterfalls(self) -> None:
        document = """
        segments:
          small: {where: [{x: {lt: 3}}]}
          odd: {where: [{x: [1, 3]}]}
        waterfalls: {message: {first_match: [odd, small]}}
        """
        result = run(document, world_of("number", 1, 2, 3, 4))
        assert (result["message__odd"], result["message__small"]) == ("ac", "b")

    def test_tiers_and_branches_are_segments(self) -> None:
        document = """
        segments:
          s: {where: [{in_segment: message__l__low}]}
          t: {where: [{not_in_segment: l__high}]}
        ladders: {l: {by: x, tiers: {low: 1, high: 3}}}
        waterfalls: {message: {first_match: [l__high, l__low]}}
        """
        result = run(document, world_of("number", 0, 1, 2, 3))
        assert (result["s"], result["t"]) == ("bc", "abc")

    def test_sample_and_split_use_the_bucket(self) -> None:
        buckets = {"a": 0.0, "b": 0.0999, "c": 0.1, "d": 0.55}
        world = world_of("number", 1, 2, 3, 4, bucket=lambda seed, key: buckets[key])
        assert who("sample: {percent: 10, seed: spring}", world) == "ab"
        document = yaml.safe_load(
            "segments: {s: {where: [{x: {gt: 1}}],"
            " split: {seed: spring, variants: {control: 10, a: 45, b: 45}}}}"
        )
        assert variants(document, world) == {"s": {"b": "control", "c": "a", "d": "b"}}

    def test_the_default_bucket(self) -> None:
        shares = [sha256_bucket("spring", str(number)) for number in range(2000)]
        assert all(0 <= share < 1 for share in shares)
        assert 0.45 < sum(shares) / len(shares) < 0.55
        assert sha256_bucket("spring", "a") != sha256_bucket("autumn", "a")

    def test_the_example_of_the_language(self) -> None:
        document = """
        version: 1
        owner: crm@example.com
        segments:
          lapsing_vips:
            label: VIPs going quiet
            tags: [retention]
            where:
              - revenue: {top: 50%}
              - last_order_at: {not_within: 60 days}
              - not: {in_segment: do_not_contact}
            expect: {members: {min: 50}}
          do_not_contact: {kind: manual, include: [complaints]}
        """
        world = table(
            {"revenue": "number", "last_order_at": "timestamp"},
            [900, utc("2026-01-01")],
            [800, utc("2026-01-01")],
            [700, utc("2026-07-01")],
            [100, utc("2026-01-01")],
            [50, None],
            lists={"complaints": ["b"]},
        )
        assert run(document, world) == {"lapsing_vips": "a", "do_not_contact": "b"}
