"""The segment language over plain rows: the reference that a compiler is compared with.

`evaluate` gives the members of every segment, ladder tier and waterfall branch, `variants` the
variant of every member of a segment with `split`. A mistake in a spec raises `SpecError`, and then
there is no result at all. Columns are tested as a whole; a condition is the set of customers for
whom it is true. `sql:` is not covered; `expect`, audiences and labels decide nothing. The bucket of
`sample` and `split` is a function of seed and key in the World, by default `sha256_bucket`.

Where the document is silent or can be read in two ways, this was chosen (alternative in brackets).

Time
- A local time that a change of clocks skips moves forward by the gap (back by it; an error).
- A local time that exists twice is the later instant, standard time (the earlier).
- Dates stand for their local midnight and are compared with the wall clock (UTC midnight).
- `within: 30 days` at 03:00 starts at 03:00, so a date 30 days ago is outside (whole days).
- Nothing recorded at or after as_of counts in did, sequence: no window means up to as_of, and a
  window whose end is later is cut there (all rows count).
- Rows without a time or without a known customer never count (an error).
- Tests of attributes are not cut at as_of, except where the window itself ends there.
- `between` on dates and timestamps excludes its end, on numbers includes it (both ends in).
- `after: day` includes the day, `before: day` excludes it; also between attributes (after = later).
- A time in a spec without a zone is local (UTC); `3 days ago` may stand wherever a time may.
- `this: month` ends at as_of (at the end of the month); weeks start on Monday (Sunday).
- `next: 14 days` is [as_of, as_of + 14 days): today as a date is outside (from midnight on).
- `older_than` is strictly before the start of the window (at or before).
- Anniversaries go by whole local days: next 7 days is today and 6 more, last 7 days ends yesterday
  (last includes today; midnights against the wall clock).
- The first anniversary is a year after the day (the day itself, and days to come, have one).
- `anniversary: {month: 2}` holds for 29 February in every year.
- `eq`, `in` and `on` with a day on a timestamp mean that local day (midnight; an error).
- Amounts are whole numbers; seconds and quarters are no units; `0 days` is an empty window.
- Several windows in one condition all have to hold (an error).

Tests of columns
- Several operators in one test all have to hold (an error); `missing:` goes for each of them.
- `missing:` does not touch `is_set`, which asks about nothing else.
- A missing value of an attribute on the right counts like one on the left.
- Numbers are compared exactly as written in decimals, 0.1 + 0.2 = 0.3 (binary); NaN is missing.
- `ignore_case` compares lower case, so ß is not ss (case folding); it belongs to text, not lists.
- `matches` finds a part of the value; \\d \\w \\s \\b are ASCII, $ is the very end, as in RE2.
- A plain value or list on a list attribute is an error (has_any); `has_any: shoes` is one item.
- `has_all: []` holds for every list, an empty list is not missing (it is).
- All customers are ranked, whatever the other conditions say (only those left over); keys are
  ordered by code point (collation).
- Missing `per` values are a group of their own (not ranked).
- percentile = 100 * (position - 1) / (ranked - 1), lowest first, ties by key ascending and so apart
  (shared; cume_dist; the threshold form); alone in a group it is 0 (100).
- `near` includes its edge; place `p` is `World.places[p]` or p_lat and p_lon; `place` is lat, lon.

Activities
- `which`: all occurrences at the first (last) instant are that one together (ties by row key).
- `which` looks at occurrences of the type before as_of, then at where and window (the reverse).
- `where` takes columns only, no groups and no ranking; an attribute on its right is the customer's
  (another column of the row).
- count, aggregates and regularly in one condition each hold on the same occurrences (count a week).
- An aggregate skips missing values; sum and distinct over none are 0 even if rows are there.
- An aggregate alone does not ask for an occurrence: sum lt 100 includes those who never did.
- min and max also take dates; count and aggregates take every test of their type, ranking too.
- regularly: weeks are 7-day steps back from as_of on the wall clock (calendar weeks).

Sequences
- Steps are strictly later than the step before (the same instant will do).
- The last step is before first + within, on the wall clock (at it).
- did_not between two steps: nothing strictly between them; at the end: nothing after the last step
  and before first + within, or as_of if that is earlier, so that it holds before the time is over
  (only once it is over); at the start: nothing before the first step, from last - within on.
- A sequence needs one did; its steps take where, a window and which, no count (counted steps).
- `same` also narrows did_not to the same value (any value); missing values are equal to nothing.

Segments
- Somebody who is a member now but has no open stay entered at as_of, and `entered: within` includes
  as_of; for_at_least includes its edge. `not_in_segment` with options is the complement of
  `in_segment` with them (members now excluded first).
- A stay that ends at as_of or later is still open, one that begins then does not exist (both are
  what the run at as_of itself writes).
- was_in_segment takes every window (within and between). It reads past stays only, so it makes no
  cycle and may name its own segment; a stay counts if it overlaps the window.
- A dynamic segment without `where` is an error (everyone); `where: []` is everyone.
- exclude and include come first, then limit, which may drop the included (include beats limit).
- limit ignores members whose `by` is missing, so drops them (puts them last).
- Outside `active`, `until` excluded, a segment is empty (frozen; until included).
- A snapshot with a key in `history` keeps its open stays as they are, whatever include, exclude,
  active and limit say now.
- A ladder's name is no segment, only its tiers are; a threshold is included in its tier.
- Grace needs `World.earned`: the stays in which the customer's own value earned a tier. The highest
  of the earned and the still kept tiers counts; kept while left_at is later than the start of the
  window `within: grace` (until left_at + grace). An earned stay that is still open while the value
  is lower ends at as_of.
- Variants are cut from [0, 1) in the order written and must add up to 100 (the rest has none).
- A name that is both a list and a segment is an error in `exclude`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

from tests.reference.columns import Column, Tester, best, only, prepare, to_number
from tests.reference.windows import (
    WINDOW_KEYS,
    Clock,
    Moment,
    SpecError,
    Window,
    as_instant,
    parse_span,
)

__all__ = ["Activity", "SpecError", "World", "evaluate", "sha256_bucket", "variants"]

Stay = tuple[str, datetime, datetime | None]
_Head = Callable[[Any, Mapping[str, Any]], set[str]]

AGGREGATES = ("sum", "avg", "min", "max", "distinct")
OCCURRENCE_OPTIONS = {"where", "which", *WINDOW_KEYS}
DID_OPTIONS = {*OCCURRENCE_OPTIONS, *AGGREGATES, "count", "regularly"}
SEQUENCE_OPTIONS = {"steps", "within", "same"}
IN_SEGMENT_OPTIONS = {"for_at_least", "entered"}
FILE_KEYS = {"version", "owner", "segments", "ladders", "waterfalls", "audiences"}
DESCRIBING = {"label", "description", "owner", "tags", "entity", "expect"}
SEGMENT_KEYS = DESCRIBING | {"kind", "where", "include", "exclude", "active", "limit", "split"}


def sha256_bucket(seed: str, key: str) -> float:
    """Return the first 53 bits of sha256("seed:key") as a share in [0, 1)."""
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


@dataclass(frozen=True)
class Activity:
    """What was recorded: one row an occurrence."""

    time: str
    type: str | None
    key: str
    columns: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class World:
    """Everything that membership at as_of depends on; timestamps are naive UTC."""

    as_of: datetime
    timezone: str
    key: str
    attributes: Mapping[str, str]
    customers: Sequence[Mapping[str, Any]]
    activities: Mapping[str, Activity] = field(default_factory=dict)
    lists: Mapping[str, Collection[str]] = field(default_factory=dict)
    history: Mapping[str, Sequence[Stay]] = field(default_factory=dict)
    earned: Mapping[str, Sequence[Stay]] = field(default_factory=dict)
    places: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    bucket: Callable[[str, str], float] = sha256_bucket


def evaluate(document: Mapping[str, Any], world: World) -> dict[str, set[str]]:
    """Return the members of every segment, tier (status__gold) and branch (name__branch)."""
    evaluation = _Evaluation(document, world)
    return {name: set(evaluation.members(name)) for name in evaluation.names}


def variants(document: Mapping[str, Any], world: World) -> dict[str, dict[str, str]]:
    """Return the variant of every member of every segment that has `split`."""
    evaluation = _Evaluation(document, world)
    return {
        name: evaluation.split(name, segment["split"])
        for name, segment in (document.get("segments") or {}).items()
        if "split" in segment
    }


@dataclass(frozen=True)
class _Occurrence:
    customer: str
    row: Mapping[str, Any]
    value: date | datetime
    moment: Moment


@dataclass(frozen=True)
class _Step:
    """One step of a sequence: customer -> value of the `same` column -> instants."""

    happens: bool
    kind: str | None
    times: Mapping[str, Mapping[Any, list[datetime]]]


class _Evaluation:
    """One document at one as_of; members of a segment are worked out once."""

    def __init__(self, document: Mapping[str, Any], world: World) -> None:
        only(document, FILE_KEYS, "a file")
        self._world = world
        self._clock = Clock(world.as_of, world.timezone)
        self._customers = {row[world.key]: row for row in world.customers}
        if len(self._customers) != len(world.customers):
            raise ValueError("a customer has two rows")
        self._everyone = frozenset(self._customers)
        self._tester = Tester[str](self._clock, self._attribute)
        self._columns: dict[str, Column[str]] = {}
        self._known: dict[str, frozenset[str]] = {}
        self._path: list[str] = []
        self._heads: dict[str, tuple[_Head, set[str]]] = {
            "all": (lambda of, rest: self._condition(of), set()),
            "any": (lambda of, rest: self._any(of), set()),
            "none": (lambda of, rest: self._complement(self._any(of)), set()),
            "not": (lambda of, rest: self._complement(self._condition(of)), set()),
            "did": (self._did, DID_OPTIONS),
            "did_not": (lambda of, rest: self._complement(self._did(of, rest)), DID_OPTIONS),
            "sequence": (self._sequence, SEQUENCE_OPTIONS),
            "in_segment": (self._in_segment, IN_SEGMENT_OPTIONS),
            "not_in_segment": (
                lambda of, rest: self._complement(self._in_segment(of, rest)),
                IN_SEGMENT_OPTIONS,
            ),
            "was_in_segment": (self._was_in_segment, WINDOW_KEYS),
            "on_list": (lambda of, rest: self._on_list(of), set()),
            "sample": (lambda of, rest: self._sample(of), set()),
            "sql": (self._sql, set()),
        }
        self.names: dict[str, Callable[[], set[str]]] = {}
        self._declare(document)

    # -- names ---------------------------------------------------------------------------------

    def _declare(self, document: Mapping[str, Any]) -> None:
        for name, segment in (document.get("segments") or {}).items():
            only(segment, SEGMENT_KEYS, f"segment {name}")
            self._name(name, partial(self._segment, name, segment))
        for ladder, spec in (document.get("ladders") or {}).items():
            allowed = DESCRIBING | {"by", "tiers", "grace"}
            only(spec, allowed, f"ladder {ladder}", required=("by", "tiers"))
            for tier in spec["tiers"]:
                self._name(f"{ladder}__{tier}", partial(self._tier, ladder, spec, tier))
        for waterfall, spec in (document.get("waterfalls") or {}).items():
            allowed = DESCRIBING | {"first_match"}
            only(spec, allowed, f"waterfall {waterfall}", required=("first_match",))
            branches = spec["first_match"]
            for position, branch in enumerate(branches):
                self._name(f"{waterfall}__{branch}", partial(self._branch, branches, position))

    def _name(self, name: str, members: Callable[[], set[str]]) -> None:
        if name in self.names:
            raise SpecError(f"the name {name!r} is taken")
        self.names[name] = members

    def members(self, name: str) -> frozenset[str]:
        """Return who is in a segment, tier or branch now."""
        if name not in self.names:
            raise SpecError(f"no such segment: {name!r}")
        if name in self._path:
            circle = [*self._path[self._path.index(name) :], name]
            raise SpecError(f"a cycle: {' -> '.join(circle)}")
        if name not in self._known:
            self._path.append(name)
            try:
                self._known[name] = frozenset(self.names[name]())
            finally:
                self._path.pop()
        return self._known[name]

    # -- segments, ladders, waterfalls, variants -------------------------------------------------

    def _segment(self, name: str, segment: Mapping[str, Any]) -> set[str]:
        kind = segment.get("kind", "dynamic")
        if kind not in ("dynamic", "snapshot", "manual"):
            raise SpecError(f"no such kind: {kind!r}")
        if segment.get("entity", "customer") != "customer":
            raise NotImplementedError("only customers are covered")
        if ("where" in segment) is (kind == "manual"):
            raise SpecError(f"{name}: a manual segment has no where, every other one has")
        if "split" in segment:
            self._shares(name, segment["split"])
        members = self._condition(segment["where"]) if "where" in segment else set()
        for listed in self._names(segment.get("include", [])):
            members |= self._on_list(listed)
        for excluded in self._names(segment.get("exclude", [])):
            if (excluded in self.names) and (excluded in self._world.lists):
                raise SpecError(f"{excluded!r} is a list and a segment")
            members -= self.members(excluded) if excluded in self.names else self._on_list(excluded)
        if "limit" in segment:
            members = self._limit(members, segment["limit"])
        if "active" in segment and not self._is_active(segment["active"]):
            members = set()
        if kind == "snapshot" and name in self._world.history:
            return set(self._open_stays(name))
        return members

    def _names(self, names: Any) -> list[str]:
        if not isinstance(names, list):
            raise SpecError(f"not a list of names: {names!r}")
        return names

    def _limit(self, members: set[str], limit: Mapping[str, Any]) -> set[str]:
        only(limit, {"top", "by", "per"}, "limit", required=("top", "by"))
        by = self._attribute(limit["by"])
        if by.kind not in ("number", "date", "timestamp"):
            raise SpecError(f"a {by.kind} gives no order")
        values = {key: value for key, value in by.present().items() if key in members}
        groups = self._attribute(limit["per"]).values if "per" in limit else None
        return best(values, limit["top"], groups)

    def _is_active(self, active: Mapping[str, Any]) -> bool:
        only(active, {"from", "until"}, "active")
        now = self._clock.as_of.instant
        if "from" in active and now < self._clock.moment(active["from"]).instant:
            return False
        return "until" not in active or now < self._clock.moment(active["until"]).instant

    def _tier(self, ladder: str, spec: Mapping[str, Any], tier: str) -> set[str]:
        by = self._attribute(spec["by"])
        if by.kind != "number":
            raise SpecError(f"a ladder needs a number, not a {by.kind}")
        thresholds = {name: to_number(value) for name, value in spec["tiers"].items()}
        if len(set(thresholds.values())) != len(thresholds):
            raise SpecError(f"two tiers of {ladder} start at the same value")
        held: dict[str, str] = {}
        for name in sorted(thresholds, key=lambda name: thresholds[name]):
            earned = {key for key, value in by.present().items() if value >= thresholds[name]}
            kept = self._kept(f"{ladder}__{name}", spec["grace"]) if "grace" in spec else set()
            held.update(dict.fromkeys(earned | kept, name))
        return {key for key, name in held.items() if name == tier}

    def _kept(self, tier: str, grace: Any) -> set[str]:
        start = self._clock.back(parse_span(grace)).instant
        now = self._clock.as_of.instant
        kept = set()
        for key, entered_at, left_at in self._world.earned.get(tier, ()):
            left = now if left_at is None else as_instant(left_at)
            if key in self._everyone and as_instant(entered_at) < now and left > start:
                kept.add(key)
        return kept

    def _branch(self, first_match: Sequence[str], position: int) -> set[str]:
        members = set(self.members(first_match[position]))
        for earlier in first_match[:position]:
            members -= self.members(earlier)
        return members

    def split(self, name: str, split: Mapping[str, Any]) -> dict[str, str]:
        """Return the variant of every member."""
        shares = self._shares(name, split)
        found = {}
        for key in self.members(name):
            bucket, end = 100 * self._bucket(split["seed"], key), Fraction(0)
            for variant, share in shares.items():
                end += share
                if bucket < end:
                    found[key] = variant
                    break
        return found

    def _shares(self, name: str, split: Mapping[str, Any]) -> dict[str, Fraction]:
        parts = ("seed", "variants")
        only(split, parts, "split", required=parts)
        shares = {variant: to_number(share) for variant, share in split["variants"].items()}
        if sum(shares.values()) != 100 or min(shares.values()) < 0:
            raise SpecError(f"the variants of {name} do not add up to 100")
        return shares

    def _bucket(self, seed: Any, key: str) -> Fraction:
        return Fraction(self._world.bucket(str(seed), key))

    # -- columns -------------------------------------------------------------------------------

    def _attribute(self, name: str) -> Column[str]:
        if name not in self._columns:
            self._columns[name] = self._read(name)
        return self._columns[name]

    def _read(self, name: str) -> Column[str]:
        attributes = self._world.attributes
        if name in attributes:
            kind = attributes[name]
            rows = self._customers.items()
            return Column(kind, {key: prepare(kind, row.get(name)) for key, row in rows})
        parts = ("lat", "lon") if name == "place" else (f"{name}_lat", f"{name}_lon")
        lat, lon = self._world.places.get(name, parts)
        if lat not in attributes or lon not in attributes:
            raise SpecError(f"no such attribute: {name!r}")
        north, east = self._attribute(lat).values, self._attribute(lon).values
        places = {key: (north[key], east[key]) for key in self._everyone}
        return Column(
            "place", {key: None if None in place else place for key, place in places.items()}
        )

    # -- conditions ----------------------------------------------------------------------------

    def _condition(self, node: Any) -> set[str]:
        if isinstance(node, list):
            return set(self._everyone).intersection(*(self._condition(item) for item in node))
        if not isinstance(node, Mapping) or not node:
            raise SpecError(f"not a condition: {node!r}")
        found = [key for key in node if key in self._heads]
        if len(found) > 1 or (not found and len(node) != 1):
            raise SpecError(f"a condition has one head, not {', '.join(map(str, node))}")
        if not found:
            ((attribute, test),) = node.items()
            return self._tester.test(self._attribute(attribute), test)
        head = found[0]
        rest = {key: value for key, value in node.items() if key != head}
        function, options = self._heads[head]
        return function(node[head], only(rest, options, head))

    def _complement(self, members: set[str]) -> set[str]:
        return set(self._everyone - members)

    def _any(self, node: Any) -> set[str]:
        nodes = node if isinstance(node, list) else [node]
        return set[str]().union(*(self._condition(item) for item in nodes))

    def _on_list(self, name: Any) -> set[str]:
        if name not in self._world.lists:
            raise SpecError(f"no such list: {name!r}")
        return set(self._everyone & set(self._world.lists[name]))

    def _sample(self, sample: Any) -> set[str]:
        parts = ("percent", "seed")
        only(sample, parts, "sample", required=parts)
        share = to_number(sample["percent"]) / 100
        if not 0 <= share <= 1:
            raise SpecError(f"not a share: {sample['percent']!r}")
        return {key for key in self._everyone if self._bucket(sample["seed"], key) < share}

    def _sql(self, expression: Any, rest: Mapping[str, Any]) -> set[str]:
        raise NotImplementedError("sql is not covered")

    # -- membership in segments ------------------------------------------------------------------

    def _stays(self, name: str) -> list[Stay]:
        """Return the stays that have begun before as_of; one that ends then is still open."""
        now = self._clock.as_of.instant
        stays: list[Stay] = []
        for key, entered_at, left_at in self._world.history.get(name, ()):
            entered = as_instant(entered_at)
            left = None if left_at is None else as_instant(left_at)
            if key in self._everyone and entered < now:
                stays.append((key, entered, None if left is None or left >= now else left))
        return stays

    def _open_stays(self, name: str) -> dict[str, datetime]:
        stays = sorted(self._stays(name), key=lambda stay: stay[1])
        return {key: entered for key, entered, left in stays if left is None}

    def _in_segment(self, name: Any, rest: Mapping[str, Any]) -> set[str]:
        members = set(self.members(name))
        now = self._clock.as_of
        stays = self._open_stays(name)
        entered = {key: stays.get(key, now.instant) for key in members}
        if "for_at_least" in rest:
            start = self._clock.back(parse_span(rest["for_at_least"]))
            members = {key for key in members if entered[key] <= start.instant}
        if "entered" in rest:
            for window in self._clock.windows(only(rest["entered"], WINDOW_KEYS, "entered")):
                members = {
                    key
                    for key in members
                    if window.contains(entered[key])
                    or (
                        entered[key] == now.instant
                        and window.end is now
                        and replace(window, end=None).contains(now.instant)
                    )
                }
        return members

    def _was_in_segment(self, name: Any, rest: Mapping[str, Any]) -> set[str]:
        if name not in self.names:
            raise SpecError(f"no such segment: {name!r}")
        windows = self._clock.windows(rest)
        members = set()
        for key, entered, left in self._stays(name):
            inside = entered < self._clock.as_of.instant
            for window in windows:
                inside &= window.end is None or entered < window.end.instant
                inside &= window.start is None or left is None or left > window.start.instant
            if inside:
                members.add(key)
        return members

    # -- activities ------------------------------------------------------------------------------

    def _occurrences(
        self, of: Any, rest: Mapping[str, Any]
    ) -> tuple[Activity, dict[str, list[_Occurrence]]]:
        """Return what happened by as_of and fits type, which, window and where."""
        name, dot, kind = str(of).partition(".")
        if name not in self._world.activities:
            raise SpecError(f"no such activity: {of!r}")
        activity = self._world.activities[name]
        if dot and activity.type is None:
            raise SpecError(f"{name} has no types")
        found: dict[str, list[_Occurrence]] = defaultdict(list)
        for row in activity.rows:
            customer, value = row[activity.key], row[activity.time]
            if customer not in self._everyone or value is None:
                continue
            if dot and activity.type is not None and row[activity.type] != kind:
                continue
            if Window(None, self._clock.as_of).contains(value):
                occurrence = _Occurrence(customer, row, value, self._clock.at(value))
                found[customer].append(occurrence)
        if "which" in rest:
            found = self._first_or_last(found, rest["which"])
        flat = [occurrence for occurrences in found.values() for occurrence in occurrences]
        for window in self._clock.windows(rest):
            flat = [occurrence for occurrence in flat if window.contains(occurrence.value)]
        flat = self._where(activity, flat, rest["where"]) if "where" in rest else flat
        fitting: dict[str, list[_Occurrence]] = {key: [] for key in self._everyone}
        for occurrence in flat:
            fitting[occurrence.customer].append(occurrence)
        return activity, fitting

    def _first_or_last(
        self, found: Mapping[str, list[_Occurrence]], which: Any
    ) -> dict[str, list[_Occurrence]]:
        if which not in ("first", "last"):
            raise SpecError(f"which takes first or last, not {which!r}")
        chosen = {}
        for customer, occurrences in found.items():
            instants = [occurrence.moment.instant for occurrence in occurrences]
            instant = min(instants) if which == "first" else max(instants)
            chosen[customer] = [one for one in occurrences if one.moment.instant == instant]
        return chosen

    def _kind_of(self, activity: Activity, column: Any) -> str:
        defaults = {activity.time: "timestamp", activity.key: "text"}
        if activity.type is not None:
            defaults[activity.type] = "text"
        kinds = {**defaults, **activity.columns}
        if column not in kinds:
            raise SpecError(f"no such column: {column!r}")
        return kinds[column]

    def _where(
        self, activity: Activity, occurrences: list[_Occurrence], where: Any
    ) -> list[_Occurrence]:
        if not isinstance(where, Mapping):
            raise SpecError(f"where takes tests of columns, not {where!r}")

        def attribute(name: str) -> Column[int]:
            of_customers = self._attribute(name)
            return Column(
                of_customers.kind,
                {at: of_customers.values[one.customer] for at, one in enumerate(occurrences)},
            )

        tester = Tester[int](self._clock, attribute, rankable=False)
        passed = set(range(len(occurrences)))
        for name, test in where.items():
            kind = self._kind_of(activity, name)
            values = {at: prepare(kind, one.row.get(name)) for at, one in enumerate(occurrences)}
            passed &= tester.test(Column(kind, values), test)
        return [occurrences[at] for at in sorted(passed)]

    def _did(self, of: Any, rest: Mapping[str, Any]) -> set[str]:
        activity, found = self._occurrences(of, rest)
        members = set(self._everyone)
        if "count" in rest:
            counts = {key: Fraction(len(occurrences)) for key, occurrences in found.items()}
            members &= self._tester.test(Column("number", counts), rest["count"])
        for name in AGGREGATES:
            if name in rest:
                members &= self._aggregate(activity, found, name, rest[name])
        if "regularly" in rest:
            members &= self._regularly(found, rest["regularly"])
        if not rest.keys() & {"count", "regularly", *AGGREGATES}:
            members = {key for key, occurrences in found.items() if occurrences}
        return members

    def _aggregate(
        self,
        activity: Activity,
        found: Mapping[str, list[_Occurrence]],
        name: str,
        spec: Any,
    ) -> set[str]:
        if not isinstance(spec, Mapping) or "of" not in spec:
            raise SpecError(f"{name} needs a column: of")
        kind = self._kind_of(activity, spec["of"])
        fitting = {
            "distinct": {"number", "text", "boolean", "date", "timestamp"},
            "min": {"number", "date", "timestamp"},
            "max": {"number", "date", "timestamp"},
        }
        if kind not in fitting.get(name, {"number"}):
            raise SpecError(f"there is no {name} of a {kind}")
        results: dict[str, Any] = {}
        for key, occurrences in found.items():
            prepared = [prepare(kind, one.row.get(spec["of"])) for one in occurrences]
            values = [value for value in prepared if value is not None]
            if name == "sum":
                results[key] = sum(values, Fraction(0))
            elif name == "distinct":
                results[key] = Fraction(len(set(values)))
            elif not values:
                results[key] = None
            elif name == "avg":
                results[key] = sum(values, Fraction(0)) / len(values)
            else:
                results[key] = min(values) if name == "min" else max(values)
        column = Column(kind if name in ("min", "max") else "number", results)
        return self._tester.test(column, {key: spec[key] for key in spec if key != "of"})

    def _regularly(self, found: Mapping[str, list[_Occurrence]], spec: Any) -> set[str]:
        parts = ("at_least", "of_last")
        only(spec, parts, "regularly", required=parts)
        span = parse_span(spec["of_last"])
        at_least = spec["at_least"]
        if span.unit != "week" or isinstance(at_least, bool) or not isinstance(at_least, int):
            raise SpecError("regularly takes at_least: 3, of_last: 4 weeks")
        edges = [f"{7 * week} days ago" for week in range(span.amount + 1)]
        windows = [self._clock.window("between", [start, end]) for end, start in pairwise(edges)]
        return {
            key
            for key, occurrences in found.items()
            if at_least
            <= sum(any(window.contains(one.value) for one in occurrences) for window in windows)
        }

    # -- sequences -------------------------------------------------------------------------------

    def _sequence(self, of: Any, rest: Mapping[str, Any]) -> set[str]:
        inner = only(of if isinstance(of, Mapping) else {"steps": of}, SEQUENCE_OPTIONS, "sequence")
        if inner.keys() & rest.keys():
            raise SpecError("a sequence says the same thing twice")
        spec = {**inner, **rest}
        if not isinstance(spec.get("steps"), list):
            raise SpecError("a sequence needs steps")
        steps = [self._step(step, spec.get("same")) for step in spec["steps"]]
        if not any(step.happens for step in steps):
            raise SpecError("a sequence needs a step that did happen")
        if len({step.kind for step in steps}) > 1:
            raise SpecError(f"{spec['same']} is of different types")
        span = parse_span(spec["within"]) if "within" in spec else None

        def stretch(origin: datetime, direction: int) -> datetime | None:
            if span is None:
                return None
            return self._clock.step(self._clock.at_instant(origin), span, direction).instant

        members = set()
        for key in self._everyone:
            for value in {value for step in steps for value in step.times[key]}:
                chain = [(step.happens, step.times[key].get(value, [])) for step in steps]
                if _has_chain(chain, stretch):
                    members.add(key)
        return members

    def _step(self, step: Any, same: str | None) -> _Step:
        if not isinstance(step, Mapping) or ("did" in step) is ("did_not" in step):
            raise SpecError(f"a step is a did or a did_not: {step!r}")
        head = "did" if "did" in step else "did_not"
        rest = {key: value for key, value in step.items() if key != head}
        activity, found = self._occurrences(step[head], only(rest, OCCURRENCE_OPTIONS, "a step"))
        kind = None if same is None else self._kind_of(activity, same)
        times: dict[str, dict[Any, list[datetime]]] = {}
        for key, occurrences in found.items():
            times[key] = defaultdict(list)
            for one in occurrences:
                value = None if same is None else prepare(kind or "", one.row.get(same))
                if same is None or value is not None:
                    times[key][value].append(one.moment.instant)
        return _Step(head == "did", kind, times)


def _has_chain(
    steps: Sequence[tuple[bool, list[datetime]]],
    stretch: Callable[[datetime, int], datetime | None],
) -> bool:
    """Say whether there are instants for the steps, in order, that end within the stretch."""
    wanted = [position for position, (happens, _) in enumerate(steps) if happens]

    def is_clear(positions: Iterable[int], blocked: Callable[[datetime], bool]) -> bool:
        return not any(blocked(instant) for position in positions for instant in steps[position][1])

    def ends_are_clear(first: datetime, last: datetime) -> bool:
        start, end = stretch(last, -1), stretch(first, 1)
        return is_clear(
            range(wanted[0]), lambda at: at < first and (start is None or at >= start)
        ) and is_clear(
            range(wanted[-1] + 1, len(steps)), lambda at: at > last and (end is None or at < end)
        )

    def is_next(index: int, first: datetime, last: datetime, instant: datetime) -> bool:
        end = stretch(first, 1)
        between = range(wanted[index - 1] + 1, wanted[index])
        return (
            instant > last
            and (end is None or instant < end)
            and is_clear(between, lambda at: last < at < instant)
        )

    def goes_on(index: int, first: datetime, last: datetime) -> bool:
        if index == len(wanted):
            return ends_are_clear(first, last)
        return any(
            is_next(index, first, last, instant) and goes_on(index + 1, first, instant)
            for instant in steps[wanted[index]][1]
        )

    return any(goes_on(1, first, first) for first in steps[wanted[0]][1])
