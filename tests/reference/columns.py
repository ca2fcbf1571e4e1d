"""Tests of one column: of an attribute of customers, of a column of activity rows, of a sum."""

from __future__ import annotations

import math
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Generic, TypeVar

from tests.reference.patterns import compile_pattern
from tests.reference.windows import (
    WINDOW_KEYS,
    Clock,
    SpecError,
    Window,
    anniversary_in,
    as_instant,
    is_before,
    is_date,
    parse_span,
    parse_time,
)

K = TypeVar("K", str, int)

EARTH_RADIUS_KM = 6371.0088

ANY_TYPE = {"eq", "ne", "in", "not_in", "is_set"}
RANKINGS = {"top", "bottom", "percentile"}
TIMES = {"not_within", "older_than", "next", "on", "anniversary", *WINDOW_KEYS}
TEXTS = {"contains", "not_contains", "starts_with", "ends_with", "matches"}
OPERATORS = {
    "number": ANY_TYPE | RANKINGS | {"gt", "gte", "lt", "lte", "between"},
    "text": ANY_TYPE | TEXTS,
    "boolean": ANY_TYPE,
    "date": ANY_TYPE | TIMES,
    "timestamp": ANY_TYPE | TIMES,
    "list": ANY_TYPE | {"has_any", "has_all", "has_none", "length"},
    "place": {"is_set", "near"},
}
NEGATIVES = {
    "ne": "eq",
    "not_in": "in",
    "not_contains": "contains",
    "not_within": "within",
    "has_none": "has_any",
}
OPTIONS = {"missing", "ignore_case", "per"}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
TAKES_ATTRIBUTE = {"eq", "ne", "before", "after", "on", *COMPARISONS}


@dataclass(frozen=True)
class Column(Generic[K]):
    """A type and, for every customer or row, the prepared value; None is missing."""

    kind: str
    values: Mapping[K, Any]

    def present(self) -> dict[K, Any]:
        """Return what is not missing."""
        return {key: value for key, value in self.values.items() if value is not None}


def prepare(kind: str, value: Any) -> Any:
    """Bring a stored value into the form that tests compare: exact numbers, aware instants."""
    if value is None or (isinstance(value, float | Decimal) and math.isnan(value)):
        return None
    if kind == "number":
        return to_number(value)
    if kind == "timestamp":
        return as_instant(value)
    if kind == "list":
        return tuple(value)
    return value


def to_number(value: Any) -> Fraction:
    """Read a number exactly as it is written in decimals."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction):
        raise SpecError(f"not a number: {value!r}")
    return value if isinstance(value, Fraction) else Fraction(str(value))


def only(
    mapping: Any, allowed: Collection[str], what: str, required: Collection[str] = ()
) -> Mapping[str, Any]:
    """Insist on a mapping with no other keys than the allowed, and with all that are required."""
    if not isinstance(mapping, Mapping):
        raise SpecError(f"{what} takes a mapping, not {mapping!r}")
    unknown = [key for key in mapping if key not in allowed]
    if unknown:
        raise SpecError(f"{what} knows no {unknown[0]!r}")
    lacking = [key for key in required if key not in mapping]
    if lacking:
        raise SpecError(f"{what} lacks {lacking[0]!r}")
    return mapping


def best(
    values: Mapping[K, Any],
    argument: Any,
    groups: Mapping[K, Any] | None,
    *,
    descending: bool = True,
) -> set[K]:
    """Keep the first so many, or ceil of the share, of each group; ties by key ascending."""
    size = _size(argument)
    kept: set[K] = set()
    for members in _ranked(values, groups, descending=descending):
        kept.update(members[: size(len(members))])
    return kept


def _size(argument: Any) -> Callable[[int], int]:
    if isinstance(argument, str):
        found = re.fullmatch(r"(\d+(?:\.\d+)?) ?%", argument)
        if found is not None and Fraction(found[1]) <= 100:
            share = Fraction(found[1]) / 100
            return lambda ranked: math.ceil(share * ranked)
    elif isinstance(argument, int) and not isinstance(argument, bool) and argument >= 0:
        number = argument
        return lambda ranked: number
    raise SpecError(f"neither a share nor a number of customers: {argument!r}")


def _ranked(
    values: Mapping[K, Any], groups: Mapping[K, Any] | None, *, descending: bool
) -> list[list[K]]:
    members: dict[Any, list[K]] = defaultdict(list)
    for key in sorted(values):
        members[None if groups is None else groups[key]].append(key)
    # a stable sort leaves ties as they are, by key ascending, also when reversed
    return [
        sorted(keys, key=lambda key: values[key], reverse=descending) for keys in members.values()
    ]


def _kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    lat1, lon1, lat2, lon2 = (math.radians(float(degrees)) for degrees in (*one, *other))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))


def _literal(kind: str, value: Any) -> Any:
    """Check that a value of the spec fits the type of the column; nothing is cast."""
    if kind == "number":
        return to_number(value)
    if kind == "date":
        found = parse_time(value)
        if is_date(found):
            return found
    elif kind == "timestamp":
        return parse_time(value)
    elif (kind == "text" and isinstance(value, str)) or (
        kind == "boolean" and isinstance(value, bool)
    ):
        return value
    elif kind == "list" and isinstance(value, list):
        return tuple(_literal("text", item) for item in value)
    raise SpecError(f"{value!r} does not fit a {kind}")


class Tester(Generic[K]):
    """Evaluates tests over columns of the same keys."""

    def __init__(
        self, clock: Clock, attribute: Callable[[str], Column[K]], *, rankable: bool = True
    ) -> None:
        self._clock = clock
        self._attribute: Callable[[str], Column[K]] = attribute
        self._rankable = rankable

    def test(self, column: Column[K], spec: Any) -> set[K]:
        """Return the keys that pass a test; several operators in one test all have to hold."""
        if isinstance(spec, list):
            spec = {"in": spec}
        elif not isinstance(spec, Mapping):
            spec = {"eq": spec}
        # YAML 1.1 reads the bare word `on` as true
        spec = {"on" if key is True else key: value for key, value in spec.items()}
        names = [name for name in spec if name not in OPTIONS]
        for name in names:
            if name not in OPERATORS[column.kind]:
                raise SpecError(f"a {column.kind} knows no test {name!r}")
        self._check_options(column.kind, spec, names)
        passed = set(column.values)
        for name in names:
            passed &= self._operator(column, name, spec[name], spec)
        return passed

    def _check_options(self, kind: str, spec: Mapping[str, Any], names: list[str]) -> None:
        if not names:
            raise SpecError(f"a test without an operator: {dict(spec)!r}")
        if spec.get("missing", "include") not in ("include", "exclude"):
            raise SpecError(f"missing takes include or exclude, not {spec['missing']!r}")
        if "ignore_case" in spec and (kind != "text" or not isinstance(spec["ignore_case"], bool)):
            raise SpecError("ignore_case: true belongs to tests of text")
        if RANKINGS & set(names) and not self._rankable:
            raise SpecError("only customers can be ranked")
        if "per" in spec and not RANKINGS & set(names):
            raise SpecError("per belongs to top, bottom and percentile")

    def _operator(
        self, column: Column[K], name: str, argument: Any, spec: Mapping[str, Any]
    ) -> set[K]:
        everyone = set(column.values)
        if name == "is_set":
            return self._is_set(column, argument)
        if name == "length":
            present = set(column.present())
            hits = self.test(self._lengths(column), argument)
        elif isinstance(argument, Mapping) and "attribute" in argument:
            hits, present = self._against_attribute(column, name, argument, spec)
        else:
            values = column.present()
            present = set(values)
            hits = self._family(column.kind, name)(column.kind, values, name, argument, spec)
        result = everyone - hits if name in NEGATIVES else hits
        if "missing" in spec:
            missing = everyone - present
            result = result | missing if spec["missing"] == "include" else result - missing
        return result

    def _family(self, kind: str, name: str) -> Callable[..., set[K]]:
        families: list[tuple[set[str], Callable[..., set[K]]]] = [
            ({"eq", "ne", "in", "not_in"}, self._equality),
            (RANKINGS, self._ranking),
            (TEXTS, self._text),
            ({"has_any", "has_all", "has_none"}, self._list),
            ({"near"}, self._near),
            (TIMES if kind in ("date", "timestamp") else set(), self._time),
            ({*COMPARISONS, "between"}, self._order),
        ]
        return next(function for names, function in families if name in names)

    def _lengths(self, column: Column[K]) -> Column[K]:
        values = column.values.items()
        return Column(
            "number",
            {key: None if value is None else Fraction(len(value)) for key, value in values},
        )

    def _is_set(self, column: Column[K], argument: Any) -> set[K]:
        if not isinstance(argument, bool):
            raise SpecError(f"is_set takes true or false, not {argument!r}")
        return {key for key, value in column.values.items() if (value is not None) is argument}

    def _against_attribute(
        self, column: Column[K], name: str, argument: Mapping[str, Any], spec: Mapping[str, Any]
    ) -> tuple[set[K], set[K]]:
        """Compare with another attribute; return who passes and who has both values."""
        only(argument, {"attribute", "times"}, "an attribute on the right")
        if name not in TAKES_ATTRIBUTE:
            raise SpecError(f"{name} takes no attribute on the right")
        other = self._attribute(argument["attribute"])
        if other.kind != column.kind:
            raise SpecError(f"a {column.kind} against a {other.kind}")
        if "times" in argument and column.kind != "number":
            raise SpecError("times belongs to numbers")
        factor = to_number(argument.get("times", 1))
        present = {key for key in column.present() if other.values[key] is not None}
        hits = set()
        for key in present:
            left, right = column.values[key], other.values[key]
            if column.kind == "number":
                right = right * factor
            if column.kind == "text":
                left, right = self._fold(left, spec), self._fold(right, spec)
            if self._compare(name, left, right):
                hits.add(key)
        return hits, present

    def _compare(self, name: str, left: Any, right: Any) -> bool:
        if name == "on":
            return self._clock.local_date(left) == self._clock.local_date(right)
        if name in ("before", "after"):
            return bool(left < right) is (name == "before")
        return COMPARISONS[name](left, right) if name in COMPARISONS else bool(left == right)

    def _fold(self, text: str, spec: Mapping[str, Any]) -> str:
        return text.lower() if spec.get("ignore_case") else text

    def _equality(
        self, kind: str, present: dict[K, Any], name: str, argument: Any, spec: Mapping[str, Any]
    ) -> set[K]:
        if name in ("in", "not_in") and not isinstance(argument, list):
            raise SpecError(f"{name} takes a list, not {argument!r}")
        options = argument if name in ("in", "not_in") else [argument]
        matches = [self._matcher(kind, option, spec) for option in options]
        return {key for key, value in present.items() if any(match(value) for match in matches)}

    def _matcher(self, kind: str, value: Any, spec: Mapping[str, Any]) -> Callable[[Any], bool]:
        literal = _literal(kind, value)
        if kind == "timestamp" and is_date(literal):
            return lambda stored: self._clock.local_date(stored) == literal
        if kind == "timestamp":
            instant = self._clock.moment(literal).instant
            return lambda stored: bool(stored == instant)
        if kind == "text":
            folded = self._fold(literal, spec)
            return lambda stored: self._fold(stored, spec) == folded
        return lambda stored: bool(stored == literal)

    def _order(
        self, kind: str, present: dict[K, Any], name: str, argument: Any, spec: Mapping[str, Any]
    ) -> set[K]:
        if name == "between":
            if not isinstance(argument, list) or len(argument) != 2:
                raise SpecError(f"between takes two ends, not {argument!r}")
            low, high = (to_number(end) for end in argument)
            return {key for key, value in present.items() if low <= value <= high}
        bound = to_number(argument)
        return {key for key, value in present.items() if COMPARISONS[name](value, bound)}

    def _ranking(
        self, kind: str, present: dict[K, Any], name: str, argument: Any, spec: Mapping[str, Any]
    ) -> set[K]:
        groups = self._attribute(spec["per"]).values if "per" in spec else None
        if name != "percentile":
            return best(present, argument, groups, descending=name == "top")
        percentiles: dict[K, Fraction] = {}
        for members in _ranked(present, groups, descending=False):
            steps = max(len(members) - 1, 1)
            for position, key in enumerate(members):
                percentiles[key] = Fraction(100 * position, steps)
        return self.test(Column("number", percentiles), argument)

    def _text(
        self, kind: str, present: dict[K, Any], name: str, argument: Any, spec: Mapping[str, Any]
    ) -> set[K]:
        literal = _literal("text", argument)
        if name == "matches":
            pattern = compile_pattern(literal, ignore_case=bool(spec.get("ignore_case")))
            return {key for key, value in present.items() if pattern.search(value)}
        wanted = self._fold(literal, spec)
        found: Callable[[str], bool] = {
            "starts_with": lambda text: text.startswith(wanted),
            "ends_with": lambda text: text.endswith(wanted),
        }.get(name, lambda text: wanted in text)
        return {key for key, value in present.items() if found(self._fold(value, spec))}

    def _list(
        self, kind: str, present: dict[K, Any], name: str, argument: Any, spec: Mapping[str, Any]
    ) -> set[K]:
        items = argument if isinstance(argument, list) else [argument]
        wanted = {_literal("text", item) for item in items}
        if name == "has_all":
            return {key for key, value in present.items() if wanted <= set(value)}
        return {key for key, value in present.items() if wanted & set(value)}

    def _near(
        self, kind: str, present: dict[K, Any], name: str, argument: Any, spec: Mapping[str, Any]
    ) -> set[K]:
        parts = ("lat", "lon", "within")
        only(argument, parts, "near", required=parts)
        found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(km|m)", str(argument["within"]))
        if found is None:
            raise SpecError(f"not a distance: {argument['within']!r}")
        reach = float(found[1]) / (1000 if found[2] == "m" else 1)
        centre = (float(to_number(argument["lat"])), float(to_number(argument["lon"])))
        return {key for key, value in present.items() if _kilometres(value, centre) <= reach}

    def _time(
        self, kind: str, present: dict[K, Any], name: str, argument: Any, spec: Mapping[str, Any]
    ) -> set[K]:
        clock = self._clock
        if name == "anniversary":
            holds = self._anniversary(argument)
            return {key for key, value in present.items() if holds(clock.local_date(value))}
        if name == "on":
            day = parse_time(argument)
            if not is_date(day):
                raise SpecError(f"on takes a date, not {argument!r}")
            return {key for key, value in present.items() if clock.local_date(value) == day}
        if name == "older_than":
            start = clock.back(parse_span(argument))
            return {key for key, value in present.items() if is_before(value, start)}
        if name == "next":
            window = Window(clock.as_of, clock.step(clock.as_of, parse_span(argument), 1))
        else:
            window = clock.window(NEGATIVES.get(name, name), argument)
        return {key for key, value in present.items() if window.contains(value)}

    def _anniversary(self, argument: Any) -> Callable[[date], bool]:
        today = self._clock.as_of.wall.date()
        if argument == "today":
            return lambda day: day.year < today.year and anniversary_in(today.year, day) == today
        if not isinstance(argument, Mapping) or len(argument) != 1:
            raise SpecError(f"not an anniversary: {argument!r}")
        ((key, value),) = argument.items()
        if key == "month":
            if isinstance(value, bool) or value not in range(1, 13):
                raise SpecError(f"no such month: {value!r}")
            return lambda day: bool(day.month == value)
        span = parse_span(value)
        if key not in ("next", "last") or span.unit in ("minute", "hour"):
            raise SpecError(f"not an anniversary: {argument!r}")
        midnight = self._clock.at(today)
        other = self._clock.step(midnight, span, 1 if key == "next" else -1).wall.date()
        start, end = sorted((today, other))
        years: Iterable[int] = range(start.year, end.year + 1)
        return lambda day: any(
            day.year < year and start <= anniversary_in(year, day) < end for year in years
        )
