"""An update takes over what did not change, and readers cannot tell."""

from __future__ import annotations

import errno
from pathlib import Path

import duckdb
import pytest
from kohorte.errors import KohorteError
from kohorte.project import read_project
from kohorte.publishing.publish import is_published, prepare, publish
from kohorte.update import Update, raw_files, update_command, watch

from tests.kohorte.publishing.small_project import SmallProject

_EVENTS = """
models:
  - name: fct_events
    columns:
      - {name: event_id, data_type: varchar}
      - {name: page, data_type: varchar}
"""


@pytest.fixture
def grown(small: SmallProject) -> SmallProject:
    """The project with a table of events that grows, published once."""
    (small.root / "models/marts/core/events.yml").write_text(_EVENTS)
    small.change(
        "create table fct_events as"
        " select 'e' || i as event_id, '/' || i as page from range(1000) as rows (i);"
        "alter table check_results add column builds bigint;"
        "alter table check_results add column grows boolean;"
        "insert into check_results values"
        " ('model.fct_events', 'model', 'fct_events', 'critical', 'passed', null, [], 1, 1, true);"
        "update check_results set builds = 1"
    )
    publish(small.root)
    return small


def add_events(project: SmallProject, first: int, last: int) -> None:
    """Do to the warehouse what an update does."""
    project.change(
        f"insert into fct_events select 'e' || i, '/new' from range({first}, {last}) as rows (i);"
        "create or replace table int_step as select 2 as build;"
        "update check_results set builds = builds + 1 where name in ('fct_events', 'int_step')"
    )


def whole(project: SmallProject) -> list[dict[str, object]]:
    """Return what readers see, and the checksums, of both files and of Parquet."""
    seen: list[dict[str, object]] = []
    for private in (False, True):
        tables = project.tables(private=private)
        seen.append(
            {
                name: project.read(f"from {name} order by all", private=private)
                for name in tables
                if name != "publication"
            }
        )
        counted = "select checksums, row_counts from publication"
        ((checksums, counts),) = project.read(counted, private=private)
        seen.append({"checksums": checksums, "row_counts": counts})
    folder = (project.generations.serving / "current").resolve()
    with duckdb.connect() as connection:
        parquet = {
            path.name: connection.sql(f"from '{path}/*.parquet' order by all").fetchall()
            for path in folder.iterdir()
            if path.is_dir() and path.name != "publication"
        }
    assert parquet == seen[0]
    return seen


def test_an_update_is_what_a_publication_of_everything_would_be(grown: SmallProject) -> None:
    for first in (1000, 1010):
        add_events(grown, first, first + 10)
        publish(grown.root, is_update=True)
    updated = whole(grown)
    parts = [path.name for path in (grown.generations.path(3) / "fct_events").iterdir()]
    assert sorted(parts) == ["000001.parquet", "000002.parquet", "000003.parquet"]
    publish(grown.root)
    assert whole(grown) == updated
    assert len([*(grown.generations.path(4) / "fct_events").iterdir()]) == 1


def test_what_was_prepared_is_what_would_have_been_copied(grown: SmallProject) -> None:
    generations = grown.generations
    prepare(grown.root)
    (prepared,) = generations.folder.glob("prepared-*")
    files = {path.name: path.stat().st_ino for path in prepared.iterdir()}
    add_events(grown, 1000, 1010)
    publish(grown.root, is_update=True)
    updated = whole(grown)
    assert files == {name: (generations.path(2) / name).stat().st_ino for name in files}
    assert grown.read("select count(*) from fct_events") == [(1010,)]
    with duckdb.connect(str(generations.path(1) / "private.duckdb"), read_only=True) as before:
        assert before.execute("select count(*) from fct_events").fetchall() == [(1000,)]
    publish(grown.root)
    assert whole(grown) == updated
    assert generations.numbers() == [1, 2, 3]
    assert not [*generations.folder.glob("prepared-*")]


def test_what_was_prepared_for_another_publication_is_not_taken(grown: SmallProject) -> None:
    prepare(grown.root)
    add_events(grown, 1000, 1010)
    publish(grown.root)
    assert not [*grown.generations.folder.glob("prepared-*")]
    prepare(grown.root)
    prepare(grown.root)
    assert [path.name for path in grown.generations.folder.glob("prepared-*")] == [
        "prepared-000002"
    ]
    add_events(grown, 1010, 1020)
    publish(grown.root, is_update=True)
    assert grown.read("select count(*) from fct_events") == [(1020,)]


def test_half_of_what_was_prepared_is_never_taken(
    grown: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(grown.root)
    add_events(grown, 1000, 1010)

    def killed(source: Path, target: Path) -> Path:
        if source.name == "private.duckdb":
            raise KeyboardInterrupt
        return rename(source, target)

    rename = Path.rename
    with monkeypatch.context() as patch:
        patch.setattr("kohorte.publishing.generations.Path.rename", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(grown.root, is_update=True)
    assert grown.read("select count(*) from fct_events") == [(1000,)]
    publish(grown.root, is_update=True)
    assert grown.read("select count(*) from fct_events") == [(1010,)]


def test_a_table_that_was_built_anew_is_copied_whole(grown: SmallProject) -> None:
    grown.change(
        "create or replace table fct_events as"
        " select 'x' || i as event_id, '/' as page from range(2000) as rows (i);"
        "update check_results set run = 2, builds = 2 where name in ('fct_events')"
    )
    publish(grown.root, is_update=True)
    found = grown.read("select count(*), min(event_id), count(distinct page) from fct_events")
    assert found == [(2000, "x0", 1)]


def test_what_somebody_else_changed_is_not_taken_over(grown: SmallProject) -> None:
    assert is_published(grown.root)
    grown.change("delete from fct_events where event_id in ('e3', 'e4')")
    assert not is_published(grown.root)


def test_a_gap_is_copied_whole(grown: SmallProject) -> None:
    grown.change("delete from fct_events where event_id in ('e3', 'e4')")
    publish(grown.root, is_update=True)
    assert grown.read("select count(*) from fct_events") == [(998,)]


def test_a_column_that_became_personal_is_taken_out(grown: SmallProject) -> None:
    described = grown.root / "models/marts/core/events.yml"
    personal = "{name: page, data_type: varchar, config: {meta: {personal: true}}}"
    described.write_text(_EVENTS.replace("{name: page, data_type: varchar}", personal))
    publish(grown.root, is_update=True)
    assert grown.tables()["fct_events"] == ["event_id"]
    pages = (grown.generations.path(2) / "fct_events").glob("*.parquet")
    assert b"/999" not in b"".join(path.read_bytes() for path in pages)
    assert b"/999" not in (grown.generations.path(2) / "kohorte.duckdb").read_bytes()


def test_a_table_that_is_no_mart_any_more_is_dropped(grown: SmallProject) -> None:
    (grown.root / "models/marts/core/events.yml").unlink()
    publish(grown.root, is_update=True)
    assert "fct_events" not in grown.tables(private=True)


def test_an_update_names_its_selector_and_vars(tmp_path: Path) -> None:
    command = update_command(tmp_path, {"near_real_time": True})
    assert command[command.index("--selector") + 1] == "near_real_time"
    assert command[-1] == '{"near_real_time": true}'


def test_a_disk_too_full_to_prepare_ends_nothing(
    grown: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = grown.root / "dbt_project.yml"
    shop = "systems: [shop], tables: {shop: [events]}, raw: {shop: raw}"
    settings.write_text(settings.read_text().replace("vars: {", f"vars: {{{shop}, "))
    (grown.root / "raw").mkdir()

    def full(source: Path, target: Path) -> None:
        target.touch()
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    def update(root: Path, variables: object) -> None:
        raise KohorteError("not updated")

    def look(_: float) -> None:
        file = grown.root / "raw" / "events.parquet"
        if not file.exists():
            file.touch()

    monkeypatch.setattr("kohorte.publishing.generations.shutil.copyfile", full)
    monkeypatch.setattr("kohorte.update.update", update)
    told = watch(grown.root, 1, sleep=look)
    assert "the disk is full" in str(next(told))
    assert str(next(told)) == "not updated"
    assert not [*grown.generations.folder.glob("*prepar*")]


def test_a_file_is_taken_in_once_it_has_stopped_changing(
    grown: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = grown.root / "dbt_project.yml"
    shop = "systems: [shop], tables: {shop: [events]}, raw: {shop: raw}"
    settings.write_text(settings.read_text().replace("vars: {", f"vars: {{{shop}, "))
    (grown.root / "raw").mkdir()
    looks: list[int] = []
    updates: list[int] = []

    def look(_: float) -> None:
        looks.append(1)
        if len(looks) in (2, 3):
            (grown.root / "raw" / "events.parquet").write_bytes(b"x" * len(looks))

    def update(root: Path, variables: object) -> None:
        updates.append(len(looks))
        raise KohorteError("not updated")

    monkeypatch.setattr("kohorte.update.update", update)
    assert len(raw_files(read_project(grown.root))) == 0
    done = next(watch(grown.root, 1, sleep=look))
    assert not isinstance(done, Update)
    assert updates == [4]
