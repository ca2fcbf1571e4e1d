from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from kohorte.publishing.checks import Expectation, record_expectations

from orchestration.quality.expectations import Suite, has_rows, is_present, never
from orchestration.quality.page import quality_page
from orchestration.quality.recording import RESULTS, check_warehouse, recorded
from orchestration.quality.runner import Result
from orchestration.quality.words import failure_lines, summary_line
from tests.orchestration.small_warehouse import make_warehouse

BLOCKS = Result("fct_orders", has_rows(), passed=False, observed=0)
WARNS = Result("fct_orders", is_present("currency", 0.5, "warning"), passed=False, unexpected=1200)
PASSES = Result("dim_customers", has_rows(), passed=True)
_CHECK_RESULTS = """
    create table check_results (
        check_id varchar, kind varchar, name varchar, severity varchar, status varchar,
        failures bigint, reads varchar[], run bigint
    );
    insert into check_results values
        ('model.fct_orders', 'model', 'fct_orders', 'critical', 'passed', null, [], 7)
"""


def found(path: Path) -> list[tuple[str, str, str, int]]:
    """Return name, severity, status and run of the expectations in a warehouse."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(
            "select name, severity, status, run from check_results"
            " where kind = 'expectation' order by name"
        ).fetchall()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose orders have odd currencies (a warning) and negative amounts (critical)."""
    path = make_warehouse(
        tmp_path, _CHECK_RESULTS, "update fct_orders set currency = 'euro'",
        "update fct_orders set gross_amount = -1, total_amount = 12, net_revenue_original = -11",
    )  # fmt: skip
    monkeypatch.setenv("KOHORTE_WAREHOUSE", str(path))
    (tmp_path / "dbt_project.yml").write_text("name: small\nprofile: small\n")
    return tmp_path


def test_what_was_found_is_kept_with_the_run_that_it_is_about(root: Path) -> None:
    results = check_warehouse(root).results
    kept = found(root / "kohorte.duckdb")
    assert len(kept) == len(results)
    assert {run for *_, run in kept} == {7}
    failed = sorted((severity, status) for _, severity, status, _ in kept if status != "passed")
    assert [severity for severity, _ in failed] == ["critical", "warning"]


def test_another_look_replaces_what_was_found(root: Path) -> None:
    check_warehouse(root)
    once = found(root / "kohorte.duckdb")
    check_warehouse(root)
    assert found(root / "kohorte.duckdb") == once


def test_results_are_kept_run_by_run(root: Path) -> None:
    path = root / "kohorte.duckdb"
    results = check_warehouse(root).results
    check_warehouse(root)
    with duckdb.connect(str(path)) as connection:
        connection.execute("update int_clock set as_of = as_of + interval 1 day")
        connection.execute("update fct_orders set currency = 'EUR'")
    check_warehouse(root)
    with duckdb.connect(str(path)) as connection:
        counts = connection.execute(
            "select count(*), count(*) filter (where not is_passed and severity = 'warning')"
            f" from {RESULTS} group by as_of order by as_of"
        ).fetchall()
    assert counts == [(len(results), 1), (len(results), 0)]


def test_a_look_at_some_checks_leaves_the_others_in_force(root: Path) -> None:
    path = root / "kohorte.duckdb"
    first = Expectation("fct_orders", "has_rows", "critical", passed=False)
    record_expectations(path, [first])
    record_expectations(path, recorded([PASSES]), keep_others=True)
    assert [status for *_, status, _ in found(path)].count("passed") == 1
    assert len(found(path)) == 2
    record_expectations(path, recorded([PASSES]))
    assert len(found(path)) == 1


def test_the_words_count_and_put_first_what_blocks() -> None:
    assert summary_line([PASSES, WARNS, BLOCKS]) == "1 of 3 checks passed, 1 warn, 1 block"
    assert list(failure_lines([PASSES, WARNS, BLOCKS])) == [
        "critical: fct_orders: There is at least one row. (found 0)",
        "warning: fct_orders: There is a currency in at least 50% of the rows."
        " (1,200 rows are not so)",
    ]


class _Page(HTMLParser):
    """What a page asks a browser to fetch, and its rows."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.states: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take down addresses and states."""
        for name, value in attrs:
            if name in {"src", "href"}:
                self.fetched.append(str(value))
            if tag == "td" and name == "class":
                self.states.append(str(value))


def test_the_page_needs_nothing_else_and_is_not_written_by_the_data() -> None:
    check = never("odd", "No <script>alert(1)</script> in it.", "false")
    text = quality_page([PASSES, WARNS, Result("fct_orders", check, passed=False), BLOCKS])
    page = _Page()
    page.feed(text)
    assert page.fetched == []
    assert "<script" not in text
    assert page.states == ["blocks", "blocks", "warns", "passed"]


def test_the_command_says_what_blocks_and_ends_with_1(root: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("kohorte"), "quality", "--project-dir", str(root),
         "--page", str(root / "out" / "quality.html")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    first, second, last = done.stdout.splitlines()
    assert first.startswith("critical: fct_orders: gross_amount is ")
    assert second.startswith("warning: fct_orders: currency looks as it should. (3 rows")
    assert last.endswith("1 warn, 1 block")
    assert "blocks" in (root / "out" / "quality.html").read_text()
    assert "Traceback" not in done.stderr


def test_an_expectation_that_cannot_be_evaluated_blocks(root: Path) -> None:
    with duckdb.connect(str(root / "kohorte.duckdb")) as connection:
        connection.execute("drop table dim_segments")
    reasons = {r.reason for r in check_warehouse(root).results if r.table == "dim_segments"}
    assert reasons == {"there is no such table"}


def test_a_suite_names_every_check_once() -> None:
    from orchestration.quality.suites import SUITES

    for suite in SUITES:
        assert isinstance(suite, Suite)
        names = [check.name for check in suite.checks]
        assert len(set(names)) == len(names)
