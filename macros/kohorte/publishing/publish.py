"""Publish the build warehouse, and go back to an earlier publication."""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import duckdb

from kohorte.errors import KohorteError
from kohorte.project import (
    WAREHOUSE_NAME,
    Project,
    read_project,
    serving_folder,
    warehouse_path,
)
from kohorte.publishing import copies
from kohorte.publishing.checks import verdict
from kohorte.publishing.files import require, told, workshop
from kohorte.publishing.generations import MANIFEST, Generations
from kohorte.publishing.postgres import publish_to_postgres, server_of
from kohorte.publishing.tables import CLOCK, read_tables

Now = Callable[[], datetime.datetime]
PUBLICATION = "publication"
_KEPT = "publications_kept"


def utc_now() -> datetime.datetime:
    """Return the moment, in UTC, without time zone."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Publication:
    """What was published: the one row of the table `publication`.

    Instants are in UTC. `row_counts` and `checksums` are by table; `checksums` as
    `copies.Copied` describes them.
    """

    generation: int
    as_of: datetime.datetime
    published_at: datetime.datetime
    git_revision: str | None
    count_checks_passed: int
    warnings: tuple[str, ...]
    row_counts: dict[str, int]
    checksums: dict[str, str]


def publish(
    root: Path, *, name: str = WAREHOUSE_NAME, now: Now = utc_now, is_update: bool = False
) -> Publication:
    """Publish a build warehouse of the project in a folder, and show it to the readers.

    With `is_update`, what dbt did not touch since the newest publication is taken over from
    it: say so only if nothing else has changed the file since. Raises KohorteError, and
    leaves what readers see as it is, when there is no warehouse, a critical check did not
    pass, or the files cannot be written.
    """
    warehouse = warehouse_path(root, name)
    require(warehouse)
    project = read_project(root)
    kept = publications_kept(project)
    server = server_of(project)
    generations = Generations(serving_folder(root, name))
    with told(generations.serving), generations.locked(), generations.scratch() as scratch:
        begun = generations.begin()
        numbers = generations.numbers()
        try:
            number = max([0, generations.current() or 0, *numbers]) + 1
            before = _before(generations, numbers[-1]) if numbers and is_update else None
            job = _Job(root, warehouse, begun, scratch, before)
            publication = _write(job, number, now())
            generations.commit(number)
        except BaseException:
            shutil.rmtree(begun, ignore_errors=True)
            raise
        generations.drop_prepared()
        generations.prune(kept)
        if server:
            publish_to_postgres(generations.path(number), server, scratch)
    return publication


def prepare(root: Path) -> None:
    """Copy the newest publication, if there is one, so that an update of it begins at once."""
    generations = Generations(serving_folder(root))
    with told(generations.serving), generations.locked():
        numbers = generations.numbers()
        if numbers:
            generations.prepare(numbers[-1])


def is_published(root: Path, *, name: str = WAREHOUSE_NAME) -> bool:
    """Tell whether the newest publication was made from the build warehouse as it is."""
    generations = Generations(serving_folder(root, name))
    numbers = generations.numbers()
    warehouse = warehouse_path(root, name)
    return bool(numbers) and generations.manifest(numbers[-1]).get("built") == state(warehouse)


def state(warehouse: Path) -> list[int]:
    """Return a file's size and time of change: another program's change shows."""
    if not warehouse.exists():
        return []
    status = warehouse.stat()
    return [status.st_size, status.st_mtime_ns]


def rollback(root: Path, number: int | None = None, *, name: str = WAREHOUSE_NAME) -> int:
    """Show readers an earlier publication, the one before if none is named; return it.

    Raises KohorteError when it is not kept any more.
    """
    server = server_of(read_project(root))
    generations = Generations(serving_folder(root, name))
    with told(generations.serving), generations.locked(), generations.scratch() as scratch:
        kept, current = generations.numbers(), generations.current() or 0
        listed = ", ".join(map(str, kept)) or "none"
        if number is None:
            number = max((each for each in kept if each < current), default=0)
            if not number:
                raise KohorteError(f"there is no earlier publication; kept: {listed}")
        if number not in kept:
            raise KohorteError(f"publication {number} is not kept; kept: {listed}")
        generations.show(number)
        if server:
            publish_to_postgres(generations.path(number), server, scratch)
    return number


def publications_kept(project: Project) -> int:
    """Return how many publications are kept.

    Raises KohorteError when the var is no number, or less than 2: readers of the one
    before need it while they read.
    """
    kept = project.vars.get(_KEPT, 3)
    if not isinstance(kept, int) or isinstance(kept, bool) or kept < 2:
        raise KohorteError(f"dbt_project.yml: var {_KEPT}: write a whole number from 2 on")
    return kept


@dataclass(frozen=True)
class _Job:
    """The project, its warehouse, the folders to write to, and what may be taken over."""

    root: Path
    warehouse: Path
    folder: Path
    scratch: Path
    before: copies.Before | None


def _before(generations: Generations, number: int) -> copies.Before:
    """Return a generation to take tables over from."""
    return copies.Before(
        generations.path(number),
        generations.manifest(number),
        partial(generations.take, number),
    )


def _write(job: _Job, number: int, published_at: datetime.datetime) -> Publication:
    """Write the files of a generation, unless a check stands in the way."""
    tables = read_tables(job.root)
    with told(job.warehouse), workshop(job.scratch) as connection:
        build = copies.attach_build(connection, job.warehouse)
        found = verdict(connection, build)
        found.require()
        shapes = copies.shapes(connection, build, tables)
        before = job.before if job.before and job.before.fits(shapes) else None
        copies.attach_files(connection, job.folder, before)
        copied = list(copies.copy_tables(connection, build, shapes, before))
        publication = Publication(
            number, _as_of(connection, build, job.warehouse), published_at,
            git_revision(job.root), found.passed, found.warnings,
            {each.name: each.rows for each in copied},
            {each.name: each.checksum for each in copied},
        )  # fmt: skip
        for catalog in copies.FILES:
            _write_publication(connection, catalog, publication)
        shown = [each for each in copied if each.is_open]
        shown.append(copies.Copied(PUBLICATION, 1, "", is_open=True, since=0, state=None))
        files = copies.write_parquet(connection, job.folder, number, shown, before)
        for catalog in copies.FILES:
            connection.execute(f"checkpoint {catalog}")
            connection.execute(f"detach {catalog}")
    manifest = {
        **asdict(publication),
        "built": state(job.warehouse),
        "shapes": shapes,
        "states": {each.name: each.state for each in copied},
        "duckdb": duckdb.__version__,
        "files": files,
    }
    text = json.dumps(manifest, indent=2, default=str)
    (job.folder / MANIFEST).write_text(f"{text}\n", encoding="utf-8")
    return publication


def _as_of(connection: duckdb.DuckDBPyConnection, build: str, warehouse: Path) -> datetime.datetime:
    """Return the instant that the build warehouse is seen from."""
    row = connection.execute(f"select as_of from {build}.{CLOCK}").fetchone()
    if row is None:
        raise KohorteError(f"{warehouse} is half built; run: make run")
    as_of: datetime.datetime = row[0]
    return as_of


def _write_publication(
    connection: duckdb.DuckDBPyConnection, catalog: str, publication: Publication
) -> None:
    """Write the table `publication` of one row."""
    connection.execute(
        f"create or replace table {catalog}.{PUBLICATION} as {_PUBLICATION}",
        [
            publication.generation, publication.as_of, publication.published_at,
            publication.git_revision, publication.count_checks_passed,
            list(publication.warnings),
            list(publication.row_counts), list(publication.row_counts.values()),
            list(publication.checksums), list(publication.checksums.values()),
        ],
    )  # fmt: skip


_PUBLICATION = """
    select
        cast(? as bigint) as generation,
        cast(? as timestamp) as as_of,
        cast(? as timestamp) as published_at,
        cast(? as varchar) as git_revision,
        cast(? as bigint) as count_checks_passed,
        cast(? as varchar[]) as warnings,
        map(cast(? as varchar[]), cast(? as bigint[])) as row_counts,
        map(cast(? as varchar[]), cast(? as varchar[])) as checksums
"""


def git_revision(root: Path) -> str | None:
    """Return the commit of a project, with `-dirty` after it if files differ; else none."""
    command = ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(
            command, cwd=root, capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
