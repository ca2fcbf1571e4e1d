"""Golden cases: a spec, and the SQL that it becomes."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.kohorte import harness

CASES = sorted(path.parent for path in (harness.HERE / "cases").glob("*/segments.yml"))


def _sql(files: dict[str, str]) -> str:
    """Return the models in which conditions show, one after the other."""
    names = sorted(name for name in files if name.endswith(".sql") and "members" not in name)
    return "\n".join(f"-- {name}\n{files[name]}" for name in names)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_spec_compiles_to_the_expected_sql(case: Path, update_golden: bool) -> None:
    expected = case / "expected.sql"
    sql = _sql(harness.compile_folder(case))
    if update_golden:
        expected.write_text(sql, encoding="utf-8")
    assert sql == expected.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def empty_tables() -> str:
    """The tests' tables without a row."""
    return """
        create table int_clock as
            select timestamp '2026-07-01' as as_of, timestamp '2026-07-01' as local_as_of;
        create table int_list_members (list_name varchar, customer_id varchar);
        create table int_segment_snapshots_before (segment varchar);
        create table int_segment_stays_before (
            segment varchar, customer_id varchar, entered_at timestamp, left_at timestamp
        );
        create table dim_customer_features (
            customer_id varchar, country varchar, city varchar, age integer,
            revenue decimal(18, 4), revenue_before decimal(18, 4), is_reachable boolean,
            interests varchar[], birth_date date, last_order_at timestamp,
            latitude double, longitude double
        );
        create table fct_orders (
            customer_id varchar, channel varchar, amount decimal(18, 4),
            is_cancelled boolean, ordered_at timestamp
        );
        create table fct_events (
            customer_id varchar, event_name varchar, category varchar,
            product_id varchar, occurred_at timestamp
        );
    """


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_compiled_sql_runs(case: Path, empty_tables: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(empty_tables)
        harness.run_models(connection, harness.compile_folder(case))
        assert all(not found for found in harness.members(connection).values())
