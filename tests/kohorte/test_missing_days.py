"""What explain says is missing of a date is just enough, to the day."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import duckdb
import pytest
from kohorte.analyst.evaluation import Definitions
from kohorte.analyst.explaining import Explanation, explain
from kohorte.analyst.warehouse import Warehouse
from kohorte.project import Project
from kohorte.specs import read_specs

from tests.kohorte import harness

#: A noon in winter; the windows of days reach over the change of clocks.
AS_OF = dt.datetime(2026, 11, 20, 11, 0)


def _explained(
    folder: Path, condition: str, column: str, value: str, at: dt.datetime
) -> Explanation:
    text = f"version: 1\nsegments:\n  s:\n    where:\n      - {column}: {condition}\n"
    (folder / "spec.yml").write_text(text, encoding="utf-8")
    catalog = harness.catalog()
    project = Project(folder, "duckdb", {"timezone": "Europe/Vienna"})
    definitions = Definitions(project, catalog, read_specs(folder, catalog))
    shop = harness.Shop(customers=[{"customer_id": "c1", column: value}], as_of=str(at))
    with duckdb.connect() as connection:
        shop.create(connection)
        connection.execute(harness.BUILT_STAYS)
        warehouse = Warehouse(Path("memory"), connection)
        (found,) = explain(warehouse, definitions, "c1", definitions.specs.segments)
    return found


@pytest.mark.parametrize("column", ["last_order_at", "birth_date"])
@pytest.mark.parametrize("days", [0, 1, 27, 40])
@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("{within: 14 days}", "later"),
        ("{older_than: 60 days}", "of waiting"),
        ("{not_within: 60 days}", "without another"),
        ("{before: 2026-10-01}", "earlier"),
        ("{after: 2026-11-25}", "later"),
        ("{between: [2026-10-02, 2026-10-04]}", "earlier"),
        ("{on: 2026-12-24}", "later"),
    ],
)
def test_as_many_days_as_are_missing_are_enough_and_no_fewer(
    tmp_path: Path, condition: str, says: str, days: int, column: str
) -> None:
    value = dt.datetime(2026, 11, 19, 23, 30) - dt.timedelta(days=days)
    if column == "birth_date":
        value = value.replace(hour=0, minute=0)
    found = _explained(tmp_path, condition, column, str(value), AS_OF)
    missing = found.would_enter()
    if found.is_member:
        assert not missing
        return
    number = re.search(r"([0-9,]+) days?", missing)
    assert number, missing
    assert missing.endswith(says)
    for away, is_member in ((int(number[1]), True), (int(number[1]) - 1, False)):
        at, moved = AS_OF, value
        if says in ("of waiting", "without another"):
            at += dt.timedelta(days=away)
        else:
            moved += dt.timedelta(days=away if says == "later" else -away)
        after = _explained(tmp_path, condition, column, str(moved), at)
        assert after.is_member == is_member, (missing, away)
