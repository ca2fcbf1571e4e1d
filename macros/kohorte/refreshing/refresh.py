"""The steps of a refresh (docs/decisions/0024)."""

from __future__ import annotations

import datetime
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from kohorte.dbt_runs import READ_FILE, run_dbt
from kohorte.errors import KohorteError
from kohorte.project import read_project, warehouse_path
from kohorte.publishing.copies import literal, quoted
from kohorte.publishing.files import opened, settings, told
from kohorte.publishing.publish import Publication, is_published, publish
from kohorte.refreshing.facts import EVENTS
from kohorte.refreshing.gone import find_gone
from kohorte.refreshing.merge import REFRESHED, merge
from kohorte.refreshing.reach import find_touched
from kohorte.refreshing.slice import cut
from kohorte.refreshing.strangers import find_strangers

FOLDER = "refresh"
_TARGET = Path("target/refresh")
_ROWS_OF_ALL, _SLICE, _AFTER_SLICE = "rows_of_all", "slice", "after_slice"
_UPDATE = {"near_real_time": True}
#: Whoever hangs on whom is found by looking again; so often, and then everything is built.
_MAX_LOOKS = 5
_BUILD = "build everything: kohorte run"
_WHEN_FULL = "not refreshed: the disk is full; make room, then: kohorte refresh"


@dataclass(frozen=True)
class Refresh:
    """What was published, how many customers were looked at, of how many, and the seconds
    that finding and building them, and the publishing, took.
    """

    publication: Publication
    touched: int
    customers: int
    build_seconds: float
    publish_seconds: float


def refresh(
    root: Path,
    variables: Mapping[str, Any] | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Refresh:
    """Take in all that came since the last build, for those whom it concerns, and publish it.

    `variables` are dbt's vars. The warehouse is then as a build of everything would leave it,
    but for `rpt_` tables, and for what intermediate tables keep of raw rows.

    Raises KohorteError when there is no build of the same local day to add to, or dbt fails,
    or a critical check does; readers then keep what they have, and the next refresh goes on.
    """
    begun = clock()
    was_published = is_published(root)
    touched, customers = build(root, variables)
    built = clock()
    publication = publish(root, is_update=was_published)
    return Refresh(publication, touched, customers, built - begun, clock() - built)


def build(
    root: Path, variables: Mapping[str, Any] | None = None, *, tests: bool = True
) -> tuple[int, int]:
    """Refresh the warehouse; return how many customers were looked at, and how many there are.

    Without `tests`, it may not be published.

    Raises KohorteError as `refresh` does.
    """
    warehouse = warehouse_path(root).resolve()
    folder, target = warehouse.parent / FOLDER, root / _TARGET
    _require_sums(warehouse)
    target.mkdir(parents=True, exist_ok=True)
    try:
        # What dbt reads of a project lies in the project, whatever the warehouse.
        with _locked(folder), _locked(target), told(folder, _WHEN_FULL):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            try:
                runs = _Runs(root, dict(variables or {}), folder / warehouse.name, tests)
                # The folders of raw files are named from there.
                with chdir(root):
                    return _build(runs, warehouse)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except Timeout as error:
        raise KohorteError(
            f"another program is refreshing this project, or {warehouse};"
            f" it holds {error.lock_file}"
        ) from None


def _locked(folder: Path) -> FileLock:
    return FileLock(f"{folder}.lock", timeout=0)


def _build(runs: _Runs, warehouse: Path) -> tuple[int, int]:
    tables = _canonical_tables(runs)
    with _connected(runs.slice, built=warehouse) as connection:
        _copy_seeds(connection, runs.root)
    runs.dbt(runs.slice, _ROWS_OF_ALL)
    with _connected(runs.slice, built=warehouse) as connection:
        runs.as_of = _as_of(connection, warehouse)
        find_touched(connection)
        find_gone(connection, tables)
    for _ in range(_MAX_LOOKS):
        with _connected(runs.slice) as connection:
            # dbt has read the project for an update, which would add to it.
            connection.execute(f"drop table if exists {EVENTS}")
            cut(connection, tables)
        runs.dbt(runs.slice, _SLICE)
        with _connected(runs.slice, built=warehouse) as connection:
            if not find_strangers(connection):
                break
    else:
        raise KohorteError(f"too much hangs together to refresh a part of it; {_BUILD}")
    with _connected(warehouse, slice=runs.slice) as connection:
        touched = merge(connection)
    runs.dbt(warehouse, _AFTER_SLICE, _UPDATE)
    with _connected(warehouse) as connection:
        connection.execute(f"delete from {REFRESHED}")
        (customers,) = connection.execute("select count(*) from dim_customers").fetchone() or (0,)
    return touched, int(customers)


@dataclass
class _Runs:
    """dbt's runs, all of them as of one instant once it is known."""

    root: Path
    variables: dict[str, Any]
    #: The warehouse that holds nothing but whom the refresh looks at.
    slice: Path
    tests: bool
    as_of: datetime.datetime | None = None
    #: What dbt read of the project, for an update.
    read: bytes | None = None

    def dbt(self, warehouse: Path, selector: str, more: Mapping[str, Any] | None = None) -> None:
        """Build what a selector names on a warehouse; the slice without tests.

        Raises KohorteError when that fails.
        """
        self.read = self.read or self._read()
        variables = {**self.variables, **(more or {})}
        if self.as_of:
            variables["as_of"] = f"{self.as_of.isoformat()}+00:00"
        left_out = ["unit_test"]
        if warehouse == self.slice:
            left_out += ["test", "seed"]
        elif not self.tests:
            left_out += ["test"]
        arguments = [
            *self._arguments("build", variables),
            "--selector", selector, "--exclude-resource-type", *left_out,
        ]  # fmt: skip
        done = run_dbt(arguments, warehouse, self.read)
        if not done.success:
            reason = done.exception or "the lines above name what and where"
            raise KohorteError(f"not refreshed: dbt failed; {reason}")

    def _read(self) -> bytes:
        """Return what dbt reads of the project, which does not depend on as_of."""
        variables = {**self.variables, **_UPDATE, "as_of": None}
        done = run_dbt(self._arguments("parse", variables), self.slice)
        if not done.success:
            raise KohorteError(f"dbt cannot read the project: {done.exception}")
        return (self.root / _TARGET / READ_FILE).read_bytes()

    def _arguments(self, command: str, variables: Mapping[str, Any]) -> list[str]:
        target = str(self.root / _TARGET)
        return [
            command, "--quiet", "--no-write-json", "--project-dir", str(self.root),
            "--profiles-dir", str(self.root), "--target-path", target,
            "--log-path", target, "--vars", json.dumps(variables, sort_keys=True),
        ]  # fmt: skip


@contextmanager
def _connected(path: Path, **attached: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection to a warehouse, with others attached to read."""
    with told(path, _WHEN_FULL), duckdb.connect(str(path), config=settings()) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name, other in attached.items():
            connection.execute(f"attach {literal(other)} as {quoted(name)} (read_only)")
        try:
            yield connection
        except duckdb.CatalogException as error:
            lacking = str(error).splitlines()[0]
            raise KohorteError(f"not refreshed: {lacking}\n{_BUILD}") from error


def _require_sums(warehouse: Path) -> None:
    """Raise KohorteError when a build has left nothing to compare raw rows with."""
    with opened(warehouse) as connection:
        found = connection.execute(
            "select 1 from duckdb_tables() where table_name = 'int_row_sums'"
        ).fetchone()
    if not found:
        raise KohorteError(f"{warehouse} keeps no sums of raw rows to compare with; {_BUILD}")


def _canonical_tables(runs: _Runs) -> dict[str, list[str]]:
    """Return the canonical tables of each system."""
    project = read_project(runs.root, overrides=runs.variables)
    tables = project.vars.get("tables") or {}
    return {system: list(tables[system]) for system in project.vars.get("systems") or []}


def _copy_seeds(connection: duckdb.DuckDBPyConnection, root: Path) -> None:
    """Give the slice the seeds as they are in the warehouse."""
    for path in sorted((root / "seeds").rglob("*.csv")):
        table = quoted(path.stem)
        connection.execute(f"create table {table} as from built.{table}")


def _as_of(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> datetime.datetime:
    """Return the instant that the rows of the slice are seen as of.

    Raises KohorteError on another local day than the build's: everybody's days have passed.
    """
    row = connection.execute(
        """
        select now.as_of, now.today, features.today, now.as_of < built.as_of
        from int_clock as now
        cross join built.int_clock as built
        -- An update moves the clock alone.
        cross join built.int_feature_windows as features
        """
    ).fetchone()
    if row is None:
        raise KohorteError(f"{warehouse} is half built; {_BUILD}")
    as_of, today, built, is_back = row
    if is_back:
        raise KohorteError(f"as_of {as_of} (UTC) lies before that of the last run")
    if today != built:
        raise KohorteError(
            f"it is {today}, and the warehouse is of {built}: with the day, attributes change"
            f" for everybody; {_BUILD}"
        )
    assert isinstance(as_of, datetime.datetime)
    return as_of
