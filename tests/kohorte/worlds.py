"""Small worlds and specs for the comparison with the reference evaluator."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from hypothesis import strategies as st
from kohorte.compiler import compile_specs
from kohorte.specs import read_specs

from tests.kohorte import harness
from tests.kohorte.engines import Columns, DuckDB, Engine, Rows, load, run_models
from tests.reference.evaluator import Activity, Stay, World

PEOPLE = [f"c{number}" for number in range(7)]
COUNTRIES = ("AT", "CH", "DE")
CITIES = ("Wien", "wien", "Graz", "St. Pölten", "", "a'b{{c}}", "%_")
INTERESTS = ("shoes", "books", "pets")
EVENTS = ("viewed", "carted", "searched")
CHANNELS = ("web", "store", None)
#: The segments that a spec may have, and the tiers of its ladder.
SEGMENTS = tuple(f"s{number}" for number in range(8))
TIERS = tuple(f"status__{tier}" for tier in ("bronze", "silver", "gold", "only"))
#: Month ends, leap days, both changes of clocks, and an ordinary noon.
AS_OFS = (
    dt.datetime(2026, 7, 1), dt.datetime(2024, 2, 29, 12), dt.datetime(2025, 3, 1),
    dt.datetime(2026, 3, 31, 10), dt.datetime(2026, 3, 29, 1, 30), dt.datetime(2026, 10, 25, 1),
    dt.datetime(2026, 1, 1, 3), dt.datetime(2025, 12, 31, 22, 59, 59),
)  # fmt: skip
ZONES = ("UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe")
#: Distances at which windows of the specs below begin, and a little beside.
_DAYS = (0, 0, 1, 2, 7, 7, 14, 14, 21, 28, 29, 30, 30, 31, 59, 60, 61, 89, 90, 90, 91, 365, 731)
_SECONDS = (-7200, -3600, -1, 0, 0, 0, 0, 0, 1, 3600, 90_000)

_MONEY = "decimal(18, 4)"
_TABLES: dict[str, Columns] = {
    "int_clock": {"as_of": "timestamp", "local_as_of": "timestamp"},
    "dim_customer_features": {
        "customer_id": "varchar", "country": "varchar", "city": "varchar", "age": "integer",
        "revenue": _MONEY, "revenue_before": _MONEY, "is_reachable": "boolean",
        "interests": "varchar[]", "birth_date": "date", "last_order_at": "timestamp",
        "latitude": "double", "longitude": "double",
    },
    "fct_orders": {
        "customer_id": "varchar", "channel": "varchar", "amount": _MONEY,
        "is_cancelled": "boolean", "ordered_at": "timestamp",
    },
    "fct_events": {
        "customer_id": "varchar", "event_name": "varchar", "category": "varchar",
        "product_id": "varchar", "occurred_at": "timestamp",
    },
    "dim_customers": {"customer_id": "varchar", "email": "varchar", "first_name": "varchar"},
    "fct_segment_members": {
        "segment": "varchar", "customer_id": "varchar", "variant": "varchar",
    },
    "int_list_members": {"list_name": "varchar", "customer_id": "varchar"},
    "int_segment_snapshots_before": {"segment": "varchar"},
    "int_segment_stays_before": {
        "segment": "varchar", "customer_id": "varchar", "entered_at": "timestamp",
        "left_at": "timestamp",
    },
}  # fmt: skip
_ATTRIBUTES = {
    "country": "text", "city": "text", "age": "number", "revenue": "number",
    "revenue_before": "number", "is_reachable": "boolean", "interests": "list",
    "birth_date": "date", "last_order_at": "timestamp",
    "latitude": "number", "longitude": "number",
}  # fmt: skip
_ORDERS = {"channel": "text", "amount": "number", "is_cancelled": "boolean",
           "ordered_at": "timestamp"}  # fmt: skip
_EVENTS = {"event_name": "text", "category": "text", "product_id": "text",
           "occurred_at": "timestamp"}  # fmt: skip


def _maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), values, values, values)


@st.composite
def _instants(draw: st.DrawFn, as_of: dt.datetime) -> dt.datetime:
    days, seconds = draw(st.sampled_from(_DAYS)), draw(st.sampled_from(_SECONDS))
    return as_of - dt.timedelta(days=days) + dt.timedelta(seconds=seconds)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw a moment, up to nine customers, and what they did."""
    as_of = draw(st.sampled_from(AS_OFS))
    instants = _instants(as_of)
    numbers = _maybe(st.sampled_from((-1, 0, 1, 2, 2, 3, 18, 100)))
    customers = [
        {
            "customer_id": key,
            "country": draw(_maybe(st.sampled_from(COUNTRIES))),
            "city": draw(_maybe(st.sampled_from(CITIES))),
            "age": draw(numbers),
            "revenue": draw(st.sampled_from((0, 1, 1, 2, 3, 18, 100))),
            "revenue_before": draw(numbers),
            "is_reachable": draw(_maybe(st.booleans())),
            "interests": draw(
                _maybe(st.lists(st.sampled_from(INTERESTS), unique=True, max_size=3))
            ),
            "birth_date": draw(_maybe(_birthdays(as_of))),
            "last_order_at": draw(_maybe(instants)),
            "latitude": draw(_maybe(st.sampled_from((48.2, 48.25, 47.07, -90.0)))),
            "longitude": draw(_maybe(st.sampled_from((16.37, 16.4, 15.44, 179.9)))),
        }
        for key in draw(st.lists(st.sampled_from(PEOPLE), unique=True, min_size=4))
    ]
    who = st.sampled_from([*PEOPLE[:4], *PEOPLE, None])
    orders = st.fixed_dictionaries(
        {
            "customer_id": who,
            "channel": st.sampled_from(CHANNELS),
            "amount": numbers,
            "is_cancelled": st.booleans(),
            "ordered_at": instants,
        }
    )
    events = st.fixed_dictionaries(
        {
            "customer_id": who,
            "event_name": st.sampled_from(EVENTS),
            "category": st.sampled_from(("shoes", "books", None)),
            "product_id": st.sampled_from(("p1", "p2", None)),
            "occurred_at": instants,
        }
    )
    stays = _stays(as_of)
    on_lists = st.lists(st.sampled_from([*PEOPLE, "stranger"]), max_size=4)
    return World(
        as_of=as_of.replace(tzinfo=dt.UTC),
        timezone=draw(st.sampled_from(ZONES)),
        key="customer_id",
        attributes=_ATTRIBUTES,
        customers=customers,
        activities={
            "orders": Activity(
                "ordered_at", None, "customer_id", _ORDERS,
                draw(st.lists(orders, min_size=8, max_size=25)),
            ),
            "events": Activity(
                "occurred_at", "event_name", "customer_id", _EVENTS,
                draw(st.lists(events, min_size=8, max_size=25)),
            ),
        },
        lists={"friends": draw(on_lists), "left_alone": draw(on_lists)},
        places={"home": ("latitude", "longitude")},
        history={name: draw(stays) for name in SEGMENTS if draw(st.booleans())},
        earned={name: draw(stays) for name in TIERS if draw(st.booleans())},
        bucket=bucket,
    )  # fmt: skip


@st.composite
def _stays(
    draw: st.DrawFn, as_of: dt.datetime
) -> list[tuple[str, dt.datetime, dt.datetime | None]]:
    """Draw stays that neither overlap nor touch, some of them open."""
    stays = []
    for key in draw(st.lists(st.sampled_from(PEOPLE), unique=True, max_size=5)):
        instants = sorted(draw(st.lists(_instants(as_of), unique=True, min_size=1, max_size=4)))
        for number in range(0, len(instants), 2):
            left = instants[number + 1] if number + 1 < len(instants) else None
            stays.append((key, instants[number], left))
    return stays


@st.composite
def _birthdays(draw: st.DrawFn, as_of: dt.datetime) -> dt.date:
    if draw(st.booleans()):
        return draw(st.sampled_from((dt.date(2000, 2, 29), dt.date(1999, 2, 28),
                                     dt.date(2001, 3, 1), dt.date(2030, 5, 5))))  # fmt: skip
    near = as_of.date() + dt.timedelta(days=draw(st.integers(-9, 9)))
    years = draw(st.sampled_from((0, 1, 20)))
    try:
        return near.replace(year=near.year - years)
    except ValueError:
        return dt.date(near.year - years, 2, 28)


def bucket(seed: str, key: str) -> float:
    """Return the first 8 hex digits of md5("seed:key") as a share in [0, 1)."""
    return int(hashlib.md5(f"{seed}:{key}".encode()).hexdigest()[:8], 16) / 2**32


# --- specs --------------------------------------------------------------------------

_PERIODS = st.sampled_from(
    ("1 day", "7 days", "2 weeks", "30 days", "1 month", "2 months", "90 days", "1 year",
     "2 years", "24 hours", "36 hours", "90 minutes", "1 hour")
)  # fmt: skip
_DATES = st.sampled_from(
    ("2024-02-29", "2025-03-01", "2026-01-01", "2026-03-29", "2026-03-29 02:30",
     "2026-10-25 02:30", "2026-07-01", "90 days ago", "30 days ago", "1 month ago")
)  # fmt: skip
_UNITS = st.sampled_from(("week", "month", "quarter", "year"))
_NUMBERS = st.sampled_from((-1, 0, 0.5, 1, 2, 2.5, 3, 18, 100))
_COUNTS = st.sampled_from((0, 1, 2, 3))


def _one(**operators: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw one of some operators with its value."""
    return st.one_of(*(st.fixed_dictionaries({name: v}) for name, v in operators.items()))


def _number_tests(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pairs = st.tuples(values, values).map(sorted)
    return _one(gt=values, gte=values, lt=values, lte=values, between=pairs)


def _ends(pair: tuple[str, str]) -> bool:
    """Whether a window of two dates is one that the compiler takes."""
    if "ago" in pair[0] and "ago" in pair[1]:
        return pair in (("90 days ago", "30 days ago"), ("90 days ago", "1 month ago"))
    return "ago" in pair[0] or "ago" in pair[1] or pair[0] < pair[1]


_WINDOWS = _one(
    within=_PERIODS, before=_DATES, after=_DATES, this=_UNITS, previous=_UNITS,
    between=st.tuples(_DATES, _DATES).filter(_ends).map(list),
)  # fmt: skip
_DAYS_ONLY = st.sampled_from(("2024-02-29", "2026-01-01", "2026-03-29", "2026-10-25"))
_SPANS = st.sampled_from(("1 day", "7 days", "2 weeks", "1 month"))
_ANNIVERSARIES = st.one_of(
    st.just("today"),
    _one(next=_SPANS, last=_SPANS, month=st.integers(1, 12)),
)
_MOMENT_TESTS = st.one_of(
    _WINDOWS,
    _one(not_within=_PERIODS, older_than=_PERIODS, next=_PERIODS, on=_DAYS_ONLY,
         anniversary=_ANNIVERSARIES),
)  # fmt: skip
_TEXTS = st.sampled_from(CITIES).filter(bool)


@st.composite
def _with_options(
    draw: st.DrawFn, tests: st.SearchStrategy[dict[str, Any]], *, text: bool = False
) -> dict[str, Any]:
    test = dict(draw(tests))
    if draw(st.integers(0, 4)) == 0:
        test["missing"] = draw(st.sampled_from(("include", "exclude")))
    if text and draw(st.booleans()):
        test["ignore_case"] = draw(st.booleans())
    return test


def _some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=1, max_size=3)


_IS_SET = _one(is_set=st.booleans())
_RANKS = st.one_of(
    _one(top=st.sampled_from(("10%", "33%", "50%", "100%", "0.5%", 1, 2, 100)),
         bottom=st.sampled_from(("25%", "50%", 1, 3)),
         percentile=_number_tests(st.sampled_from((0, 10, 50, 90, 100)))),
).flatmap(
    lambda test: st.sampled_from((test, {**test, "per": "country"}, {**test, "per": "city"}))
)  # fmt: skip
_CITY = _with_options(
    st.one_of(
        _one(eq=_TEXTS, ne=_TEXTS, contains=_TEXTS, not_contains=_TEXTS,
             starts_with=_TEXTS, ends_with=_TEXTS, matches=st.sampled_from(("^w", "n$", "i"))),
        _one(**{"in": _some(_TEXTS), "not_in": _some(_TEXTS)}),
    ),
    text=True,
)  # fmt: skip
_NUMBER = _with_options(
    st.one_of(
        _number_tests(_NUMBERS), _one(eq=_NUMBERS, ne=_NUMBERS),
        _one(**{"in": _some(_NUMBERS), "not_in": _some(_NUMBERS)}), _RANKS,
    )
)  # fmt: skip
_OTHER = _one(
    **dict.fromkeys(
        ("gt", "gte", "lt", "lte"),
        st.fixed_dictionaries(
            {"attribute": st.just("revenue_before")}, optional={"times": _NUMBERS}
        ),
    )
)
_NEAR = st.fixed_dictionaries(
    {"lat": st.just(48.2), "lon": st.just(16.37),
     "within": st.sampled_from(("1 km", "10 km", "150 km", "3000 m", "0 km"))}
)  # fmt: skip
_ATTRIBUTE_TESTS = st.one_of(
    st.fixed_dictionaries({"country": st.one_of(st.sampled_from(COUNTRIES),
                                                _some(st.sampled_from(COUNTRIES)))}),
    st.fixed_dictionaries({"city": st.one_of(_CITY, _IS_SET, _TEXTS)}),
    st.fixed_dictionaries({"age": st.one_of(_NUMBER, _IS_SET, _NUMBERS)}),
    st.fixed_dictionaries({"revenue": st.one_of(_NUMBER, _OTHER)}),
    st.fixed_dictionaries({"is_reachable": st.one_of(st.booleans(), _IS_SET,
                                                     _one(ne=st.booleans()))}),
    st.fixed_dictionaries({"interests": _with_options(
        _one(has_any=_some(st.sampled_from(INTERESTS)),
             has_all=_some(st.sampled_from(INTERESTS)),
             has_none=_some(st.sampled_from(INTERESTS)),
             length=_number_tests(_COUNTS)))}),
    st.fixed_dictionaries({"birth_date": _with_options(_MOMENT_TESTS)}),
    st.fixed_dictionaries({"last_order_at": st.one_of(_with_options(_MOMENT_TESTS), _IS_SET)}),
    st.fixed_dictionaries({"home": _with_options(_one(near=_NEAR))}),
)  # fmt: skip

_ORDER_WHERE = st.fixed_dictionaries({}, optional={
    "channel": st.sampled_from(("web", ["web", "store"], {"ne": "web"})),
    "amount": _number_tests(_NUMBERS),
    "is_cancelled": st.booleans(),
}).filter(bool)  # fmt: skip
_EVENT_WHERE = st.fixed_dictionaries({}, optional={
    "category": st.sampled_from(("shoes", {"ne": "shoes"}, {"is_set": False})),
    "product_id": st.sampled_from(("p1", {"in": ["p1", "p2"]})),
}).filter(bool)  # fmt: skip
_ACTIVITIES = st.one_of(
    st.tuples(st.just("orders"), _ORDER_WHERE, st.just("amount")),
    st.tuples(st.sampled_from(("events", *(f"events.{name}" for name in EVENTS))),
              _EVENT_WHERE, st.just("")),
)  # fmt: skip


@st.composite
def _dids(draw: st.DrawFn) -> dict[str, Any]:
    activity, where, number = draw(_ACTIVITIES)
    condition = {draw(st.sampled_from(("did", "did", "did_not"))): activity}
    if draw(st.booleans()):
        condition["where"] = where
    if draw(st.integers(0, 5)) == 0:
        weeks = draw(st.integers(1, 6))
        at_least = draw(st.integers(1, weeks))
        condition["regularly"] = {"at_least": at_least, "of_last": f"{weeks} weeks"}
        return condition
    condition |= draw(st.one_of(st.just({}), _WINDOWS))
    if draw(st.integers(0, 3)) == 0:
        condition["which"] = draw(st.sampled_from(("first", "last")))
    if draw(st.booleans()):
        condition["count"] = draw(st.one_of(_number_tests(_COUNTS), _COUNTS))
    if draw(st.integers(0, 2)) == 0:
        functions = ("sum", "avg", "min", "max") if number else ("distinct",)
        function = draw(st.sampled_from(functions))
        column = number or draw(st.sampled_from(("category", "product_id")))
        condition[function] = {"of": column, **draw(_number_tests(_NUMBERS))}
    return condition


@st.composite
def _sequences(draw: st.DrawFn) -> dict[str, Any]:
    steps = []
    for _ in range(draw(st.integers(1, 3))):
        activity, where, _ = draw(_ACTIVITIES)
        step = {draw(st.sampled_from(("did", "did", "did_not"))): activity}
        if draw(st.integers(0, 3)) == 0:
            step["where"] = where
        if draw(st.integers(0, 4)) == 0:
            step |= draw(_WINDOWS)
        if draw(st.integers(0, 5)) == 0:
            step["which"] = draw(st.sampled_from(("first", "last")))
        steps.append(step)
    if all("did_not" in step for step in steps):
        steps.append({"did": "events"})
    sequence: dict[str, Any] = {"steps": steps}
    if draw(st.booleans()):
        sequence["within"] = draw(_PERIODS)
    names = {next(iter(step.values())).split(".")[0] for step in steps}
    if draw(st.integers(0, 2)) == 0 and len(names) == 1:
        shared = "product_id" if names == {"events"} else "channel"
        sequence["same"] = shared
    return {"sequence": sequence}


_LEAVES = st.one_of(
    _ATTRIBUTE_TESTS, _ATTRIBUTE_TESTS, _dids(), _dids(), _sequences(),
    _one(on_list=st.sampled_from(("friends", "left_alone")),
         sample=st.fixed_dictionaries({"percent": st.sampled_from((0, 10, 33.3, 50, 100)),
                                       "seed": st.sampled_from(("spring", "a'b"))})),
)  # fmt: skip


def _memberships(names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Draw a condition on membership in a segment, now or in the past."""
    since: dict[str, st.SearchStrategy[Any]] = {"for_at_least": _PERIODS, "entered": _WINDOWS}
    now = st.sampled_from(("in_segment", "not_in_segment")).flatmap(
        lambda head: st.fixed_dictionaries({head: names}, optional=since)
    )
    past = st.builds(
        lambda name, window: {"was_in_segment": name, **window},
        names,
        st.one_of(st.just({}), _WINDOWS),
    )
    return st.one_of(now, now, past)


def conditions(segments: list[str]) -> st.SearchStrategy[Any]:
    """Draw a condition that may use the segments named."""
    leaves = _LEAVES
    if segments:
        names = st.sampled_from(segments)
        leaves = st.one_of(_LEAVES, _LEAVES, _memberships(names))
    grown = st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3),
            _one(**{"all": _some(inner), "any": _some(inner), "none": _some(inner),
                    "not": inner}),
        ),
        max_leaves=5,
    )  # fmt: skip
    return st.one_of(leaves, leaves, leaves, grown)


_LIMITS = st.fixed_dictionaries(
    {"top": st.sampled_from((1, 2, 5, "50%", "33.3%")),
     "by": st.sampled_from(("revenue", "revenue_before", "birth_date", "last_order_at"))},
    optional={"per": st.just("country")},
)  # fmt: skip
_ACTIVE = st.fixed_dictionaries(
    {}, optional={"from": st.sampled_from(("2020-01-01", "2026-03-29 02:30", "2026-07-01")),
                  "until": st.sampled_from(("2026-07-01", "2030-01-01", "2026-10-25 02:30"))},
).filter(bool).filter(lambda a: a.get("from", "0") < a.get("until", "9"))  # fmt: skip
_SPLITS = st.sampled_from((
    {"seed": "spring", "variants": {"control": 10, "a": 45, "b": 45}},
    {"seed": "autumn", "variants": {"a": 33.5, "b": 66.5}},
))  # fmt: skip
_TIERS = st.sampled_from(
    ({"bronze": 1, "silver": 2.5, "gold": 18}, {"gold": 3, "bronze": -1}, {"only": 0})
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a spec of a few segments, each of which may use those before it."""
    segments: dict[str, Any] = {}
    document: dict[str, Any] = {"version": 1, "segments": segments}
    usable: list[str] = []
    for number in range(draw(st.integers(5, 8))):
        segment: dict[str, Any] = {"where": draw(conditions(usable))}
        if draw(st.integers(0, 3)) == 0:
            segment["include"] = ["friends"]
        if draw(st.integers(0, 3)) == 0:
            segment["exclude"] = [draw(st.sampled_from(["left_alone", *segments]))]
        if draw(st.integers(0, 4)) == 0:
            segment["limit"] = draw(_LIMITS)
        if draw(st.integers(0, 5)) == 0:
            segment["active"] = draw(_ACTIVE)
        if draw(st.integers(0, 4)) == 0:
            segment["split"] = draw(_SPLITS)
        if draw(st.integers(0, 5)) == 0:
            segment["kind"] = "snapshot"
        segments[f"s{number}"] = segment
        usable.append(f"s{number}")
        if number == 0 and draw(st.booleans()):
            ladder = {"by": "age", "tiers": draw(_TIERS)}
            if draw(st.booleans()):
                ladder["grace"] = draw(_PERIODS)
            document["ladders"] = {"status": ladder}
            usable += [f"status__{tier}" for tier in ladder["tiers"]]
    if draw(st.booleans()):
        branches = draw(st.lists(st.sampled_from(usable), min_size=1, max_size=3, unique=True))
        document["waterfalls"] = {"message": {"first_match": branches}}
    return document


# --- the compiled side --------------------------------------------------------------


def compiled_members(
    document: dict[str, Any], world: World, folder: Path, engine: Engine | None = None
) -> tuple[dict[str, set[str]], dict[str, dict[str, str]]]:
    """Return the members that the compiled SQL finds on DuckDB, and their variants."""
    if engine is None:
        with duckdb.connect() as connection:
            connection.execute("set threads = 1")
            return compiled_members(document, world, folder, DuckDB(connection))
    (folder / "spec.yml").write_text(json.dumps(document), encoding="utf-8")
    specs = read_specs(folder, harness.catalog())
    files = compile_specs(specs, harness.catalog(), engine.dialect, world.timezone)
    load(engine, tables(world))
    run_models(engine, files)
    found = harness.members(engine).items()
    seen = {name: keys for name, keys in found if not name.endswith("__reached")}
    return seen, harness.variants(engine)


def tables(world: World) -> dict[str, tuple[Columns, Rows]]:
    """Return the tables of a world, as the models before the compiled ones would make them."""
    as_of = world.as_of.astimezone(dt.UTC)
    local = as_of.astimezone(ZoneInfo(world.timezone)).replace(tzinfo=None)
    keys = {row["customer_id"] for row in world.customers}
    reached = {f"{tier}__reached": stays for tier, stays in world.earned.items()}
    history = {**world.history, **reached}
    rows: dict[str, Rows] = {
        "int_clock": [{"as_of": as_of.replace(tzinfo=None), "local_as_of": local}],
        "dim_customer_features": world.customers,
        "fct_orders": world.activities["orders"].rows,
        "fct_events": world.activities["events"].rows,
        "int_list_members": [
            {"list_name": name, "customer_id": key}
            for name, members in world.lists.items()
            for key in sorted(keys & set(members))
        ],
        "int_segment_snapshots_before": [{"segment": name} for name in history],
        "int_segment_stays_before": _stays_before(history, as_of.replace(tzinfo=None)),
    }
    return {name: (columns, rows.get(name, ())) for name, columns in _TABLES.items()}


def no_rows() -> dict[str, tuple[Columns, Rows]]:
    """Return the same tables without a row, but for the clock."""
    instant = dt.datetime(2026, 7, 1)
    clock: Rows = [{"as_of": instant, "local_as_of": instant}]
    return {
        name: (columns, clock if name == "int_clock" else ()) for name, columns in _TABLES.items()
    }


def _stays_before(history: Mapping[str, Sequence[Stay]], as_of: dt.datetime) -> Rows:
    """Return the stays as the view before the run would show them."""
    return [
        {
            "segment": name,
            "customer_id": key,
            "entered_at": entered_at,
            "left_at": None if left_at is None or left_at >= as_of else left_at,
        }
        for name, stays in history.items()
        for key, entered_at, left_at in stays
        if entered_at < as_of
    ]
