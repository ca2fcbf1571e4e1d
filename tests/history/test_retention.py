"""History is kept for as long as the project says; nothing that is asked for is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kohorte.catalog import read_catalog
from kohorte.errors import KohorteError, SpecErrors
from kohorte.moments import Moment, Period, Window, calendar, within
from kohorte.specs import read_specs

from tests.history.shop import Customer, Shop
from tests.kohorte import harness

KEPT = 2
SEGMENTS: dict[str, Any] = {
    "big": {"where": {"revenue": {"gte": 500}}},
    "former": {"where": {"was_in_segment": "big", "within": f"{KEPT} days"}},
    "held": {
        "where": {"revenue": {"gte": 1}}, "split": {"seed": "s", "variants": {"control": 100}},
    },
}  # fmt: skip


def _run(shop: Shop) -> None:
    """Six days: ann stays, bob comes and goes every third day, cyd leaves on the second."""
    shop.declare(SEGMENTS)
    for day in range(1, 7):
        shop.customers = {
            "ann": Customer(900),
            "bob": Customer(900 if day % 3 else 0),
            "cyd": Customer(900 if day < 2 else 0),
        }
        shop.built(f"2026-01-{day:02}")


def test_what_ended_long_ago_is_dropped_and_all_else_is_as_without(tmp_path: Path) -> None:
    for name in ("all", "some"):
        (tmp_path / name).mkdir()
    everything, some = Shop(tmp_path / "all").create(), Shop(tmp_path / "some").create()
    settings = some.folder / "dbt_project.yml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(
        text.replace("segment_history_days: null", f"segment_history_days: {KEPT}"),
        encoding="utf-8",
    )
    _run(everything)
    _run(some)
    begins = f"timestamp '2026-01-06' - interval {KEPT + 1} day"
    for table, ended in (
        ("fct_segment_stays", "left_at"), ("fct_segment_holdouts", "released_at"),
        ("fct_segment_sizes", "as_of"),
    ):  # fmt: skip
        query = f"select * from {table}"
        kept = f"{query} where coalesce({ended} >= {begins}, true) order by all"
        assert some.query(f"{query} order by all") == everything.query(kept), table
        assert len(everything.query(query)) > len(everything.query(kept)), table
    for table in ("fct_segment_members", "dim_customer_segments"):
        query = f"select * from {table} order by all"
        assert some.query(query) == everything.query(query), table
    before = some.tables()
    some.built("2026-01-06")
    assert some.tables() == before
    refused = {"long": {"where": {"was_in_segment": "big", "within": f"{KEPT + 1} days"}}}
    some.declare({**SEGMENTS, **refused})
    assert "history is kept for 2 days" in some.refused("2026-01-07")


@pytest.mark.parametrize(
    ("condition", "is_kept"),
    [
        ("within: 30 days", True),
        ("within: 31 days", False),
        ("within: 4 weeks", True),
        ("within: 1 month", False),
        ("within: 700 hours", True),
        ("this: week", True),
        ("this: month", False),
        ("previous: week", True),
        ("between: [20 days ago, 10 days ago]", True),
        ("between: [40 days ago, 10 days ago]", False),
        ("before: 10 days ago", False),
        ("after: 2026-01-01", False),
        (None, False),
    ],
)
def test_a_window_that_begins_before_is_a_mistake(
    tmp_path: Path, condition: str | None, is_kept: bool
) -> None:
    where = f"{{was_in_segment: a{', ' + condition if condition else ''}}}"
    (tmp_path / "s.yml").write_text(
        f"version: 1\nsegments:\n  a: {{where: {{age: {{gte: 18}}}}}}\n  b: {{where: {where}}}\n",
        encoding="utf-8",
    )
    catalog = replace(harness.catalog(), history_days=30)
    if is_kept:
        assert len(read_specs(tmp_path, catalog).segments) == 2
    else:
        with pytest.raises(SpecErrors, match=r"s.yml:4:\d+: history is kept for 30 days"):
            read_specs(tmp_path, catalog)
    assert len(read_specs(tmp_path, harness.catalog()).segments) == 2


def test_a_ladders_grace_is_a_window_as_well(tmp_path: Path) -> None:
    (tmp_path / "s.yml").write_text(
        "version: 1\nladders:\n  l: {by: revenue, tiers: {only: 5}, grace: 60 days}\n",
        encoding="utf-8",
    )
    with pytest.raises(SpecErrors, match="history is kept for 30 days"):
        read_specs(tmp_path, replace(harness.catalog(), history_days=30))


@pytest.mark.parametrize("value", ["0", "-1", "soon", "true", "1.5"])
def test_what_is_no_number_of_days_is_an_error(tmp_path: Path, value: str) -> None:
    text = f"name: k\nprofile: k\nvars: {{segment_history_days: {value}}}\n"
    (tmp_path / "dbt_project.yml").write_text(text, encoding="utf-8")
    (tmp_path / "models").mkdir()
    with pytest.raises(KohorteError, match="segment_history_days"):
        read_catalog(tmp_path)


@pytest.mark.parametrize(
    ("window", "days"),
    [
        (within(Period(25, "hour")), 2),
        (within(Period(2, "year")), 732),
        (calendar("month", previous=False), 31),
        (calendar("year", previous=True), 732),
        (Window(Moment("date")), None),
        (Window(None), None),
        (Window(Moment("as_of"), Moment("shift", Period(3, "day"), is_ahead=True)), 0),
    ],
)
def test_how_far_back_a_window_begins(window: Window, days: int | None) -> None:
    assert window.begins_at_most_days_ago() == days
