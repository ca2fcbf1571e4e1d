"""Near real time: take in new events, bring the segments up to date, and publish."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kohorte.errors import KohorteError
from kohorte.project import WAREHOUSE_VARIABLE, Project, read_project, warehouse_path
from kohorte.publishing.publish import Publication, is_published, prepare, publish

SELECTOR = "near_real_time"
#: Its own, so that dbt need not parse the project anew whenever the vars change.
_TARGET = Path("target/update")
_OF_EVENTS = "events"


@dataclass(frozen=True)
class Update:
    """What was published, and the seconds that dbt and the publishing took."""

    publication: Publication
    build_seconds: float
    publish_seconds: float


def update(
    root: Path,
    variables: Mapping[str, Any] | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Update:
    """Take in what came since the last build, and publish it; `variables` are dbt's vars.

    Raises KohorteError when there is no build to add to, or dbt fails, or a critical check
    does; readers then keep what they have.
    """
    begun = clock()
    warehouse = warehouse_path(root)
    if not warehouse.exists():
        raise KohorteError(f"there is no warehouse at {warehouse} yet; run: make run")
    was_published = is_published(root)
    status = subprocess.run(
        update_command(root, {**(variables or {}), "near_real_time": True}),
        cwd=root, env={**os.environ, WAREHOUSE_VARIABLE: str(warehouse)}, check=False,
    ).returncode  # fmt: skip
    if status != 0:
        raise KohorteError("not updated: dbt failed; the lines above name what and where")
    built = clock()
    publication = publish(root, is_update=was_published)
    return Update(publication, built - begun, clock() - built)


def update_command(root: Path, variables: Mapping[str, Any]) -> list[str]:
    """Return the command that takes in new events."""
    return [
        str(Path(sys.executable).with_name("dbt")), "build", "--quiet",
        "--selector", SELECTOR, "--exclude-resource-type", "unit_test",
        "--project-dir", str(root), "--profiles-dir", str(root),
        "--target-path", str(root / _TARGET), "--vars", json.dumps(variables, sort_keys=True),
    ]  # fmt: skip


def watch(
    root: Path,
    seconds: float,
    variables: Mapping[str, Any] | None = None,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Update | KohorteError]:
    """Look every few seconds for new files of events; yield what came of each update.

    A file that is being written is taken in when it has changed no more since the last look:
    better to move whole files in. The files of the next publication are prepared meanwhile.
    """
    yield from _prepared(root)
    project = read_project(root, overrides=variables)
    done = seen = raw_files(project)
    while True:
        sleep(seconds)
        found = raw_files(project)
        if found != done and found == seen:
            done = found
            try:
                yield update(root, variables)
            except KohorteError as error:
                yield error
            yield from _prepared(root)
        seen = found


def _prepared(root: Path) -> Iterator[KohorteError]:
    """Prepare the next publication; yield why that failed, for an update can do without."""
    try:
        prepare(root)
    except KohorteError as error:
        yield error


def raw_files(project: Project) -> frozenset[tuple[str, int, int]]:
    """Return name, size and time of all raw files of the systems that have events."""
    tables, folders = project.vars.get("tables") or {}, project.vars.get("raw") or {}
    systems = [
        system for system in project.vars.get("systems") or [] if _OF_EVENTS in tables[system]
    ]
    return frozenset(
        (str(path), status.st_size, status.st_mtime_ns)
        for system in systems
        for path in (project.root / folders[system]).rglob("*")
        if path.is_file() and (status := path.stat())
    )
