"""History from raw data: the runs that a warehouse would have had, one after the other."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kohorte.dbt_runs import READ_FILE, run_dbt
from kohorte.errors import KohorteError
from kohorte.every import Every
from kohorte.project import read_project, warehouse_path
from kohorte.run import fingerprint, raw_folders

FOLDER = "replay"
_TARGET = Path("target/replay")
#: What DuckDB adds to a file's name for the log of what is not yet in it.
_LOG = ".wal"
#: What is built at each moment: tests try what is there, and history is not made of them.
_WITHOUT = ("--exclude-resource-type", "test", "unit_test")


@dataclass(frozen=True)
class Replay:
    """What was written: the file, how many moments it holds, how many of them are new."""

    warehouse: Path
    moments: int
    written: int


def moments(first: datetime.date, last: datetime.date, every: Every) -> list[datetime.date]:
    """Return the days from the first to the last; a month later is the same day, or its end.

    Raises KohorteError when there is none.
    """
    from dateutil.relativedelta import relativedelta

    if last < first:
        raise KohorteError(f"--to {last} lies before --from {first}")
    found: list[datetime.date] = []
    day = first
    while day <= last:
        found.append(day)
        day = first + relativedelta(**{f"{every}s": len(found)})
    return found


def before_replay_path(root: Path) -> Path:
    """Return the DuckDB file that a warehouse is kept in when a replay takes its place."""
    own = warehouse_path(root)
    return own.with_name(f"{own.stem}.before_replay.duckdb")


def replay_path(root: Path) -> Path:
    """Return the DuckDB file that history is written to.

    Its name is that of the project's own, because views hold the name of their database.
    """
    own = warehouse_path(root)
    return own.parent / FOLDER / own.name


def replay(
    root: Path,
    days: list[datetime.date],
    *,
    anew: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Replay:
    """Build the warehouse as of the beginning of each day, into a file of its own.

    Days begin in the project's time zone. Goes on where a replay of the same days, specs and
    raw files was stopped. The moment at which it was killed is written again, which changes
    nothing if it was whole.

    Raises KohorteError when dbt fails, or the file holds another replay (`anew` removes it).
    """
    path = replay_path(root)
    told, record = _told(root, days), path.with_suffix(".json")
    if anew or not path.exists():
        _remove(path, record)
        path.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(told), encoding="utf-8")
    elif not _goes_on(known := _read(record), told):
        raise KohorteError(
            f"{path} holds a replay of other days, specs or raw files; add --anew to remove it"
        )
    elif len(told["days"]) > len(known["days"]):
        record.write_text(json.dumps(told), encoding="utf-8")
    begun = _clock_of(path)
    done = [day for day in days if begun is not None and day < begun]
    left = days[len(done) :]
    read = _read_project(root, path, left[0]) if left else b""
    for number, day in enumerate(left, start=len(done)):
        progress(number, len(days))
        _build(root, path, day, read)
    progress(len(days), len(days))
    return Replay(path, len(days), len(left))


def adopt(root: Path) -> Path | None:
    """Put the replayed file in the place of the build warehouse; return where that is kept.

    A warehouse that was kept by an earlier replay is overwritten by this one's.

    Raises KohorteError when there is none, or it ends before the build warehouse does: what
    happened since then would be forgotten.
    """
    path, own = replay_path(root), warehouse_path(root)
    ended = _clock_of(path)
    if ended is None:
        raise KohorteError(f"there is no replay at {path}; run: kohorte replay --from … --to …")
    lasted = _clock_of(own)
    if lasted and ended < lasted:
        raise KohorteError(
            f"the replay ends on {ended}, and the warehouse is as of {lasted}; write on, with a"
            f" --to of {lasted} or later"
        )
    kept = before_replay_path(root) if own.exists() else None
    if kept:
        _move(own, kept)
    _move(path, own)
    path.with_suffix(".json").unlink(missing_ok=True)
    return kept


def _move(path: Path, to: Path) -> None:
    """Move a DuckDB file, with what a killed build left in the log beside it."""
    for suffix in (_LOG, ""):
        source, target = path.with_name(path.name + suffix), to.with_name(to.name + suffix)
        target.unlink(missing_ok=True)
        if source.exists():
            source.replace(target)


def _told(root: Path, days: list[datetime.date]) -> dict[str, Any]:
    """Return what a replay is of."""
    project = read_project(root)
    systems = list(project.vars.get("systems") or [])
    folders = raw_folders(project, systems, None)
    made_from = fingerprint(root, [root / folders[system] for system in systems], {})
    return {"days": [str(day) for day in days], "made_from": made_from}


def _read(record: Path) -> Mapping[str, Any]:
    """Return what a replay that was begun is of; nothing, if that is not known."""
    try:
        found = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _goes_on(begun: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """Tell whether a replay is the one that was begun, or the same with more days or fewer."""
    before, now = begun.get("days", []), told["days"]
    shared = min(len(before), len(now))
    return bool(begun.get("made_from") == told["made_from"] and before[:shared] == now[:shared])


def _remove(path: Path, record: Path) -> None:
    for each in (path, path.with_name(path.name + _LOG), record):
        each.unlink(missing_ok=True)


def _clock_of(path: Path) -> datetime.date | None:
    """Return the day, in the project's time zone, that a warehouse is as of.

    None if it has no clock yet.
    """
    import duckdb

    if not path.exists():
        return None
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            found = connection.execute("select today from int_clock").fetchone()
    except duckdb.CatalogException:
        return None
    except duckdb.IOException:
        raise KohorteError(f"{path} is in use by another program, or no DuckDB file") from None
    return found[0] if found and isinstance(found[0], datetime.date) else None


def _arguments(root: Path, command: str, day: datetime.date) -> list[str]:
    target = str(root / _TARGET)
    return [
        command, "--quiet", "--project-dir", str(root), "--profiles-dir", str(root),
        "--target-path", target, "--log-path", target, "--vars", json.dumps({"as_of": str(day)}),
    ]  # fmt: skip


def _read_project(root: Path, path: Path, day: datetime.date) -> bytes:
    """Return what dbt reads of the project, once for all moments.

    Raises KohorteError when dbt cannot read it.
    """
    done = run_dbt(_arguments(root, "parse", day), path)
    if not done.success:
        raise KohorteError(f"dbt cannot read the project: {done.exception}")
    return (root / _TARGET / READ_FILE).read_bytes()


def _build(root: Path, path: Path, day: datetime.date, read: bytes) -> None:
    """Build everything as of one moment."""
    if not run_dbt([*_arguments(root, "build", day), *_WITHOUT], path, read).success:
        raise KohorteError(
            f"the replay stopped at {day}: dbt failed; the lines above name what and where. It"
            " goes on there when it is run again"
        )
