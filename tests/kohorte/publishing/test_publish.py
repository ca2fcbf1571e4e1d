"""What readers get, and when they get it."""

from __future__ import annotations

import datetime
import hashlib
import json

import duckdb
import pytest
from kohorte.errors import KohorteError
from kohorte.project import serving_path, warehouse_path
from kohorte.publishing.checks import Expectation, record_expectations
from kohorte.publishing.publish import is_published, publish, rollback

from tests.kohorte.publishing.small_project import SmallProject

NOON = datetime.datetime(2026, 7, 2, 12)


def test_bi_gets_the_marts_without_personal_columns(small: SmallProject) -> None:
    publish(small.root)
    assert {name: columns for name, columns in small.tables().items() if name != "publication"} == {
        "dim_customers": ["customer_id", "build"],
        "fct_orders": ["order_id", "build"],
        "int_clock": ["as_of"],
    }


def test_the_private_file_has_everything_that_segments_read(small: SmallProject) -> None:
    publish(small.root)
    tables = small.tables(private=True)
    assert set(tables) == {
        "dim_customers", "fct_orders", "fct_addresses", "int_step", "int_clock", "publication",
    }  # fmt: skip
    assert tables["dim_customers"] == ["customer_id", "email", "build"]


def test_only_the_owner_reads_the_private_file_and_nobody_writes_the_other(
    small: SmallProject,
) -> None:
    publish(small.root)
    modes = [
        serving_path(small.root, private=private).stat().st_mode & 0o777
        for private in (True, False)
    ]
    assert modes == [0o600, 0o444]


def test_the_publication_says_what_it_is(small: SmallProject) -> None:
    publication = publish(small.root, now=lambda: NOON)
    columns = "generation, as_of, published_at, count_checks_passed, row_counts['fct_orders']"
    row = (1, datetime.datetime(2026, 7, 2), NOON, 10, 6)
    for private in (False, True):
        assert small.read(f"select {columns} from publication", private=private) == [row]
    found = small.read(
        "select printf('%x', sum(hash(t)::hugeint) % 18446744073709551616) from dim_customers t"
    )
    assert [(publication.checksums["dim_customers"],)] == found


def test_the_checksum_changes_with_any_value(small: SmallProject) -> None:
    first = publish(small.root).checksums
    small.change("update dim_customers set customer_id = 'x' where customer_id = 'c0'")
    second = publish(small.root).checksums
    assert [name for name in first if first[name] != second[name]] == ["dim_customers"]


def test_the_manifest_names_every_file_of_a_generation(small: SmallProject) -> None:
    publish(small.root)
    folder = serving_path(small.root, private=False).parent / "current"
    files = json.loads((folder / "manifest.json").read_text())["files"]
    assert set(files) == {str(path.relative_to(folder)) for path in folder.glob("*/*.parquet")}
    for name, known in files.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == known["sha256"]
    with duckdb.connect() as connection:
        rows = connection.sql(f"from '{folder}/dim_customers/*.parquet' order by all").fetchall()
    assert rows == [("c0", 1), ("c1", 1), ("c2", 1)]


def test_the_last_publications_are_kept(small: SmallProject) -> None:
    for _ in range(5):
        publish(small.root)
    assert small.generations.numbers() == [3, 4, 5]


def test_rollback_shows_an_earlier_publication_until_the_next(small: SmallProject) -> None:
    for number in (1, 2, 3):
        small.build(number)
        publish(small.root)
    assert rollback(small.root) == 2
    assert small.seen() == [(2, 2), (2, 2)]
    assert rollback(small.root, 3) == 3
    rollback(small.root, 1)
    small.build(4)
    publish(small.root)
    assert small.seen() == [(4, 4), (4, 4)]
    assert small.generations.numbers() == [2, 3, 4]


def test_what_readers_see_is_kept_however_old(small: SmallProject) -> None:
    for _ in range(3):
        publish(small.root)
    generations = small.generations
    rollback(small.root, 1)
    generations.prune(2)
    assert generations.numbers() == [1, 2, 3]


@pytest.mark.parametrize("number", [None, 7])
def test_a_publication_that_is_not_kept_is_named(small: SmallProject, number: int | None) -> None:
    publish(small.root)
    with pytest.raises(KohorteError, match="kept: 1"):
        rollback(small.root, number)


def test_a_file_is_published_once(small: SmallProject) -> None:
    assert not is_published(small.root)
    publish(small.root)
    assert is_published(small.root)
    small.build(2)
    assert not is_published(small.root)


@pytest.mark.parametrize(
    ("spoiling", "said"),
    [
        ("update check_results set status = 'failed' where name = 'test_fct_orders'",
         "test test_fct_orders: failed"),
        ("update check_results set status = 'running' where name = 'fct_orders'",
         "model fct_orders: its run did not finish"),
        ("update check_results set status = 'pending' where name = 'test_int_step'",
         "test test_int_step: it was not run"),
        ("update check_results set run = 9 where name = 'dim_customers'",
         "test test_dim_customers: the tables it reads were built anew since"),
        ("drop table check_results", "nobody has checked"),
    ],
)  # fmt: skip
def test_readers_keep_what_they_have_when_a_critical_check_did_not_pass(
    small: SmallProject, spoiling: str, said: str
) -> None:
    publish(small.root)
    small.build(2)
    small.change(spoiling)
    with pytest.raises(KohorteError, match=said):
        publish(small.root)
    assert small.seen() == [(1, 1), (1, 1)]
    assert small.generations.numbers() == [1]


def test_a_warning_is_told_and_does_not_block(small: SmallProject) -> None:
    small.change(
        "update check_results set severity = 'warning', status = 'warned'"
        " where name = 'test_fct_orders'"
    )
    assert publish(small.root).warnings == ("test_fct_orders",)
    assert small.read("select warnings from publication") == [(["test_fct_orders"],)]


@pytest.mark.parametrize("severity", ["critical", "warning"])
def test_an_expectation_counts_like_a_test(small: SmallProject, severity: str) -> None:
    found = [
        Expectation("fct_orders", "has_rows", "critical", passed=True),
        Expectation("fct_orders", "is_in_range", severity, passed=False, unexpected=2),  # type: ignore[arg-type]
    ]
    record_expectations(warehouse_path(small.root), found)
    if severity == "warning":
        assert publish(small.root).count_checks_passed == 11
    else:
        with pytest.raises(KohorteError, match="expectation is_in_range: failed"):
            publish(small.root)
    record_expectations(warehouse_path(small.root), found[:1])
    publish(small.root)


def test_a_warehouse_in_use_is_a_sentence(small: SmallProject) -> None:
    missing = SmallProject(small.root / "other")
    missing.root.mkdir()
    missing.create()
    with pytest.raises(KohorteError, match="no warehouse"):
        publish(missing.root)
    warehouse_path(missing.root).parent.mkdir()
    warehouse_path(missing.root).write_bytes(b"no database at all, but long enough to look at")
    with pytest.raises(KohorteError, match="as a DuckDB file"):
        publish(missing.root)


def test_fewer_than_two_publications_are_refused(small: SmallProject) -> None:
    settings = small.root / "dbt_project.yml"
    settings.write_text(settings.read_text().replace("kept: 3", "kept: 1"))
    with pytest.raises(KohorteError, match="publications_kept: write a whole number from 2 on"):
        publish(small.root)
