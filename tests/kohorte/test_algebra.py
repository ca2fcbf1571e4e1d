"""Laws that members obey whatever the conditions and the data: sets, order, partitions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kohorte.worlds import compiled_members, conditions, worlds
from tests.reference.evaluator import World

#: `KOHORTE_EXAMPLES` asks for more of them, and for others in every run.
EXAMPLES = int(os.environ.get("KOHORTE_EXAMPLES", "25"))
CHECKED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    print_blob=True,
)
RANKED = ("age", "revenue", "revenue_before")
#: An activity, and what narrows it.
ACTIVITIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("orders", {}),
    ("orders", {"where": {"channel": "web"}}),
    ("orders", {"where": {"amount": {"lte": 3}}, "which": "last"}),
    ("events", {}),
    ("events", {"where": {"category": {"ne": "shoes"}}, "which": "first"}),
    ("events.viewed", {"where": {"product_id": ["p1", "p2"]}}),
)
#: Lengths of time between which the rows of the worlds lie.
AMOUNTS = {
    "minute": (1, 59, 61, 121, 1500), "hour": (1, 2, 24, 25, 49, 169), "quarter": (1, 2, 4, 5),
    "day": (1, 2, 3, 7, 8, 14, 29, 30, 31, 59, 60, 61, 90, 91, 365), "week": (1, 2, 3, 4, 5, 9, 14),
    "month": (1, 2, 3, 12, 24), "year": (1, 2, 3),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("segments")


def found(
    folder: Path, world: World, rules: dict[str, Any], **sections: Any
) -> dict[str, set[str]]:
    """Return the members of a segment for each rule, and of what the sections declare."""
    segments = {name: {"where": rule} for name, rule in rules.items()}
    document = {"version": 1, "segments": segments, **sections}
    return compiled_members(document, world, folder)[0]


def everyone(world: World) -> set[str]:
    return {row[world.key] for row in world.customers}


def ascending(values: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[list[Any]]:
    """Draw a few different values, the smallest first."""
    return st.lists(values, min_size=2, max_size=most, unique=True).map(sorted)


@st.composite
def periods(draw: st.DrawFn) -> tuple[list[int], str]:
    """Draw a few amounts, the smallest first, and their unit."""
    unit = draw(st.sampled_from(("day", "day", "week", *AMOUNTS)))
    return draw(ascending(st.sampled_from(AMOUNTS[unit]), most=5)), unit


def assert_nested(members: dict[str, set[str]], name: str, count: int) -> None:
    """Check that each of the segments `name_0`, `name_1` … holds those before it."""
    chain = [members[f"{name}_{number}"] for number in range(count)]
    assert all(less <= more for less, more in pairwise(chain)), name


def assert_exclusive(parts: Sequence[set[str]], whole: set[str]) -> None:
    """Check that nobody is in two parts, and that the parts make up the whole."""
    assert set().union(*parts) == whole
    assert sum(len(part) for part in parts) == len(whole)


@CHECKED
@given(a=conditions([]), b=conditions([]), c=conditions([]), world=worlds())
def test_conditions_are_sets(folder: Path, a: Any, b: Any, c: Any, world: World) -> None:
    not_a, not_b = {"not": a}, {"not": b}
    rules = {
        "a": a, "b": b, "not_a": not_a, "not_not_a": {"not": not_a},
        "none_a": {"none": [a]}, "a_and_a": {"all": [a, a]}, "a_or_a": {"any": [a, a]},
        "a_and_b": {"all": [a, b]}, "b_and_a": [b, a], "a_or_b": {"any": [a, b]},
        "b_or_a": {"any": [b, a]}, "not_both": {"not": [a, b]}, "neither": {"none": [b, a]},
        "not_a_or_not_b": {"any": [not_a, not_b]}, "not_a_and_not_b": {"all": [not_a, not_b]},
        "absorbed": {"all": [a, {"any": [a, b]}]}, "absorbing": {"any": [a, {"all": [b, a]}]},
        "inside": {"all": [a, {"any": [b, c]}]},
        "spread": {"any": [{"all": [a, b]}, {"all": [a, c]}]},
        "nested": {"all": [{"all": [a, b]}, c]}, "flat": {"all": [a, b, c]},
        "used": {"in_segment": "a"}, "unused": {"not_in_segment": "a"},
        "used_twice": {"all": [{"in_segment": "a"}, {"not": {"not_in_segment": "b"}}]},
    }  # fmt: skip
    members = found(folder, world, rules)
    assert_exclusive([members["a"], members["not_a"]], everyone(world))
    for same in (
        ("a", "not_not_a", "a_and_a", "a_or_a", "absorbed", "absorbing", "used"),
        ("not_a", "none_a", "unused"),
        ("a_and_b", "b_and_a", "used_twice"),
        ("a_or_b", "b_or_a"),
        ("not_both", "not_a_or_not_b"),
        ("neither", "not_a_and_not_b"),
        ("inside", "spread"),
        ("nested", "flat"),
    ):
        assert len({frozenset(members[name]) for name in same}) == 1, same
    assert members["a_and_b"] == members["a"] & members["b"]
    assert members["a_or_b"] == members["a"] | members["b"]
    assert members["neither"] == everyone(world) - members["a_or_b"]


@CHECKED
@given(
    lengths=periods(),
    activity=st.sampled_from(ACTIVITIES),
    world=worlds(),
)
def test_longer_windows_hold_shorter_ones(
    folder: Path,
    lengths: tuple[list[int], str],
    activity: tuple[str, dict[str, Any]],
    world: World,
) -> None:
    (amounts, unit), (name, narrowed) = lengths, activity
    rules: dict[str, Any] = {}
    for number, amount in enumerate(amounts):
        period = f"{amount} {unit}s"
        did = {"did": name, **narrowed, "within": period}
        opposite = len(amounts) - 1 - number
        rules |= {
            f"within_{number}": {"last_order_at": {"within": period}},
            f"born_{number}": {"birth_date": {"within": period}},
            f"next_{number}": {"last_order_at": {"next": period}},
            f"between_{number}": {"last_order_at": {"between": [f"{period} ago", "2090-01-01"]}},
            f"older_{opposite}": {"last_order_at": {"older_than": period}},
            f"not_within_{opposite}": {"birth_date": {"not_within": period}},
            f"did_{number}": did,
            f"often_{number}": {**did, "count": {"gte": 2}},
            f"different_{number}": {**did, "distinct": {"of": "customer_id", "gte": 1}},
            f"did_not_{opposite}": {"did_not": name, **narrowed, "within": period},
            f"seldom_{opposite}": {**did, "count": {"lte": 1}},
            f"in_order_{number}": {
                "sequence": {"steps": [{"did": "events"}, {"did": name, **narrowed}],
                             "within": period}
            },
        }  # fmt: skip
        if unit == "week":
            rules[f"weeks_{number}"] = {
                "did": name, "regularly": {"at_least": 1, "of_last": period},
            }  # fmt: skip
        if unit == "day":
            rules[f"birthday_{number}"] = {"birth_date": {"anniversary": {"next": period}}}
            rules[f"past_{number}"] = {"birth_date": {"anniversary": {"last": period}}}
    members = found(folder, world, rules)
    for chain in {rule.rpartition("_")[0] for rule in rules}:
        assert_nested(members, chain, len(amounts))


@CHECKED
@given(
    bounds=ascending(st.integers(0, 4)),
    weeks=ascending(st.integers(1, 5)),
    activity=st.sampled_from(ACTIVITIES),
    attribute=st.sampled_from(RANKED),
    world=worlds(),
)
def test_lower_demands_hold_higher_ones(
    folder: Path,
    bounds: list[int],
    weeks: list[int],
    activity: tuple[str, dict[str, Any]],
    attribute: str,
    world: World,
) -> None:
    name, narrowed = activity
    did = {"did": name, **narrowed}
    rules: dict[str, Any] = {}
    for number, bound in enumerate(reversed(bounds)):
        rules |= {
            f"count_{number}": {**did, "count": {"gte": bound}},
            f"distinct_{number}": {**did, "distinct": {"of": "customer_id", "gt": bound}},
            f"value_{number}": {attribute: {"gte": bound}},
            f"list_{number}": {"interests": {"length": {"gte": bound}}},
        }
    for number, bound in enumerate(bounds):
        rules |= {
            f"at_most_{number}": {**did, "count": {"lte": bound}},
            f"below_{number}": {attribute: {"lt": bound}},
            f"near_{number}": {
                "home": {"near": {"lat": 48.2, "lon": 16.37, "within": f"{20 * bound} km"}}
            },
        }
    for number, at_least in enumerate(reversed(weeks)):
        regularly = {"at_least": at_least, "of_last": "5 weeks"}
        rules[f"weeks_{number}"] = {"did": name, "regularly": regularly}
    for number, bound in enumerate(bounds):
        rules[f"exactly_{number}"] = {**did, "count": bound}
        rules[f"more_{number}"] = {**did, "count": {"gt": bound}}
    members = found(folder, world, rules)
    for chain in ("count", "distinct", "value", "list", "at_most", "below", "near"):
        assert_nested(members, chain, len(bounds))
    assert_nested(members, "weeks", len(weeks))
    for number in range(len(bounds)):
        at_most, more = members[f"at_most_{number}"], members[f"more_{number}"]
        assert_exclusive([at_most, more], everyone(world))
        exactly = members[f"exactly_{number}"]
        assert exactly == at_most & members[f"count_{len(bounds) - 1 - number}"]


@CHECKED
@given(
    shares=ascending(st.sampled_from([0.5, 1, 10, 25, 33.3, 50, 66, 99.9, 100])),
    numbers=ascending(st.integers(1, 5)),
    attribute=st.sampled_from(RANKED),
    rule=conditions([]),
    world=worlds(),
)
def test_a_bigger_top_holds_a_smaller_one(
    folder: Path,
    shares: list[float],
    numbers: list[int],
    attribute: str,
    rule: Any,
    world: World,
) -> None:
    amounts = {"share": [f"{share}%" for share in shares], "number": numbers}
    rules: dict[str, Any] = {"known": {attribute: {"is_set": True}}}
    limited: dict[str, Any] = {}
    for kind, steps in amounts.items():
        for number, amount in enumerate(steps):
            for per in ({}, {"per": "country"}):
                suffix = f"{kind}{'_each' if per else ''}_{number}"
                rules[f"top_{suffix}"] = {attribute: {"top": amount, **per}}
                rules[f"bottom_{suffix}"] = {attribute: {"bottom": amount, **per}}
                limit = {"top": amount, "by": attribute, **per}
                limited[f"limit_{suffix}"] = {"where": rule, "limit": limit}
    segments = {name: {"where": rule} for name, rule in rules.items()}
    document = {"version": 1, "segments": {**segments, **limited, "rule": {"where": rule}}}
    members = compiled_members(document, world, folder)[0]
    for kind in ("share", "share_each", "number", "number_each"):
        for name in ("top", "bottom", "limit"):
            assert_nested(members, f"{name}_{kind}", len(amounts[kind.removesuffix("_each")]))
    ranked, rule_ranked = members["known"], members["rule"] & members["known"]
    for number, share in enumerate(shares):
        assert len(members[f"top_share_{number}"]) == _ceiling(share, ranked)
        assert len(members[f"limit_share_{number}"]) == _ceiling(share, rule_ranked)
    for number, amount in enumerate(numbers):
        assert len(members[f"bottom_number_{number}"]) == min(amount, len(ranked))
        assert members[f"limit_number_each_{number}"] <= rule_ranked
    countries = {row["country"] for row in world.customers if row[attribute] is not None}
    biggest = members[f"top_number_each_{len(numbers) - 1}"]
    in_biggest = {row["country"] for row in world.customers if row[world.key] in biggest}
    assert in_biggest == countries


def _ceiling(share: float, ranked: set[str]) -> int:
    """Return ceil(share of the ranked), without the fractions that floats leave behind."""
    return ceil(round(share * 10) * len(ranked) / 1000)


@CHECKED
@given(
    thresholds=st.lists(st.sampled_from((-1, 0, 0.5, 1, 2, 2.5, 3, 18, 100)),
                        min_size=1, max_size=4, unique=True),
    attribute=st.sampled_from(RANKED),
    rules=st.lists(conditions([]), min_size=2, max_size=4),
    world=worlds(),
)  # fmt: skip
def test_ladders_and_waterfalls_are_exclusive_and_complete(
    folder: Path, thresholds: list[float], attribute: str, rules: list[Any], world: World
) -> None:
    tiers = {f"t{number}": threshold for number, threshold in enumerate(thresholds)}
    named = {f"s{number}": rule for number, rule in enumerate(rules)}
    members = found(
        folder, world, {**named, "reached": {attribute: {"gte": min(thresholds)}}},
        ladders={"status": {"by": attribute, "tiers": tiers}},
        waterfalls={"pick": {"first_match": [*reversed(named)]}},
    )  # fmt: skip
    assert_exclusive([members[f"status__{tier}"] for tier in tiers], members["reached"])
    highest = max(tiers, key=lambda tier: tiers[tier])
    values = {row[world.key]: row[attribute] for row in world.customers}
    assert members[f"status__{highest}"] == {
        key for key, value in values.items() if value is not None and value >= tiers[highest]
    }
    union = set().union(*(members[name] for name in named))
    assert_exclusive([members[f"pick__{name}"] for name in named], union)
    earlier: set[str] = set()
    for name in reversed(named):
        assert members[f"pick__{name}"] == members[name] - earlier
        earlier |= members[name]


@st.composite
def enlarged(draw: st.DrawFn) -> tuple[dict[str, float], dict[str, float], str]:
    """Draw the shares of variants, the same with one enlarged, and which it is."""
    cuts = draw(st.lists(st.integers(0, 1000), min_size=1, max_size=3).map(sorted))
    sizes = [end - start for start, end in pairwise([0, *cuts, 1000])]
    grown = draw(st.integers(0, len(sizes) - 1))
    later = [
        size if number == grown else size - draw(st.integers(0, size))
        for number, size in enumerate(sizes)
    ]
    later[grown] += 1000 - sum(later)
    before, after = (
        {f"v{number}": size / 10 for number, size in enumerate(parts)} for parts in (sizes, later)
    )
    return before, after, f"v{grown}"


@CHECKED
@given(
    shares=enlarged(),
    percents=ascending(st.integers(0, 100)),
    rule=conditions([]),
    world=worlds(),
)
def test_shares_are_exclusive_complete_and_stable(
    folder: Path,
    shares: tuple[dict[str, float], dict[str, float], str],
    percents: list[int],
    rule: Any,
    world: World,
) -> None:
    before, after, grown = shares
    segments = {
        name: {"where": rule, "split": {"seed": "spring", "variants": variants}}
        for name, variants in (("before", before), ("after", after))
    }
    for number, percent in enumerate(percents):
        sample = {"sample": {"percent": percent, "seed": "spring"}}
        segments[f"sample_{number}"] = {"where": sample}
    document = {"version": 1, "segments": segments}
    members, variants = compiled_members(document, world, folder)
    assert_nested(members, "sample", len(percents))
    for name in ("before", "after"):
        assert variants.get(name, {}).keys() == members[name]
    had = {key for key, variant in variants.get("before", {}).items() if variant == grown}
    has = {key for key, variant in variants.get("after", {}).items() if variant == grown}
    assert had <= has

    newcomers = [{"customer_id": f"n{number}", "revenue": 0} for number in range(3)]
    grown_world = replace(world, customers=[*newcomers, *world.customers])
    later_members, later_variants = compiled_members(document, grown_world, folder)
    for name, chosen in members.items():
        if name.startswith("sample"):
            assert later_members[name] - {f"n{number}" for number in range(3)} == chosen
    for key in variants.get("before", {}).keys() & later_variants.get("before", {}).keys():
        assert variants["before"][key] == later_variants["before"][key]
