"""The main job: raw data to segments, and a summary that a newcomer understands."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from kohorte.errors import KohorteError, nearest
from kohorte.project import (
    GENERATED_FOLDER,
    WAREHOUSE_NAME,
    WAREHOUSE_VARIABLE,
    Project,
    read_project,
    warehouse_path,
)

DEMO_CUSTOMERS = 5000
DEMO_SEED = 7
DEMO_UNTIL = datetime.date(2026, 6, 30)
#: What decides the result, next to the raw data.
_SOURCES = (
    "requirements.lock",
    "dbt_project.yml",
    "profiles.yml",
    "models",
    "macros",
    "seeds",
    "segments",
    "tests/generic",
    "tests/data",
)
#: A folder's name in a var is SQL text in the end: no quotes, no braces.
_FOLDER = re.compile(r"[^'\"{}*?\[\]\n]+")
_AS_OF = re.compile(r"[0-9TZ:. +-]+")


def make_demo(out: Path, customers: int, seed: int, until: datetime.date) -> None:
    """Write the demo shop's raw data, with a progress bar; none if it is there."""
    from kohorte.demo import generate, is_current

    shown = os.path.relpath(out)
    if is_current(out, customers, seed, until):
        print(f"demo shop: {customers:,} customers are in {shown} already")
        return
    from rich.progress import Progress

    with Progress(disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task("demo shop", total=customers)
        generate(out, customers, seed, until, lambda done, _: bar.update(task, completed=done))
    print(f"demo shop: {customers:,} customers written to {shown}")


def run_project(
    root: Path,
    systems: Sequence[str],
    raw: Path | None,
    as_of: str,
    *,
    before_publishing: Callable[[Path], None] | None = None,
) -> int:
    """Build the warehouse with dbt, unless nothing changed, and publish it; return dbt's status.

    `before_publishing` gets the path of what was built and is not published yet, and may write
    it anew. Raises KohorteError when a critical check refuses the publication.
    """
    project = read_project(root)
    systems = list(dict.fromkeys(systems))
    known = project.vars.get("tables") or {}
    if not systems:
        raise KohorteError(f"no source system is named\nsystems: {', '.join(known)}")
    for system in systems:
        if system not in known:
            hint = nearest(system, known)
            raise KohorteError(
                f"there is no source system `{system}`"
                + (f"; did you mean {hint}?" if hint else "")
                + f"\nsystems: {', '.join(known)}"
            )
    folders = raw_folders(project, systems, raw)
    if "shop" in systems and raw is None:
        make_demo(root / folders["shop"], DEMO_CUSTOMERS, DEMO_SEED, DEMO_UNTIL)
    for system in systems:
        if not (root / folders[system]).is_dir():
            raise KohorteError(f"{folders[system]}: there is no such folder with raw files")
    variables: dict[str, Any] = {"systems": list(systems), "raw": folders}
    if as_of and not _AS_OF.fullmatch(as_of):
        raise KohorteError(f"as_of `{as_of}` is not an instant; write it like 2026-03-31")
    if as_of:
        variables["as_of"] = as_of
    name = _warehouse_name(project, systems)
    warehouse = warehouse_path(root, name)
    raw_files = [project.root / folders[system] for system in systems]
    made_from = fingerprint(project.root, raw_files, variables)
    status = _build(project, warehouse, systems, variables, made_from)
    if status == 0:
        from kohorte.publishing.publish import is_published, publish
        from kohorte.publishing.words import published_words

        if not is_published(root, name=name):
            if before_publishing:
                before_publishing(warehouse)
                _record(warehouse, made_from)
            print(published_words(publish(root, name=name)))
        print_summary(root, warehouse)
    return status


def _warehouse_name(project: Project, systems: Sequence[str]) -> str:
    """Return the name of the file to build: other systems than the project's own have one.

    A warehouse remembers who was in which segment, and two shops have two memories.
    """
    own = sorted(systems) == sorted(project.vars.get("systems") or [])
    return WAREHOUSE_NAME if own else "_".join(systems)


def raw_folders(project: Project, systems: Sequence[str], raw: Path | None) -> dict[str, str]:
    """Return the folder of each system: that given, or one below it each."""
    folders = dict(project.vars.get("raw") or {})
    if raw is not None:
        if not _FOLDER.fullmatch(str(raw)):
            raise KohorteError(
                "the raw folder's name has a quote, a brace or a wildcard; rename it"
            )
        below = len(systems) > 1
        folders |= {system: str(raw / system if below else raw) for system in systems}
    return folders


def _build(
    project: Project,
    warehouse: Path,
    systems: Sequence[str],
    variables: dict[str, Any],
    made_from: str,
) -> int:
    """Run `dbt build`, unless the same was built from the same before."""
    record = warehouse.with_suffix(".run.json")
    historical = all("extracts" in project.vars["tables"][system] for system in systems)
    is_timeless = historical or "as_of" in variables
    if is_timeless and _recorded(record) == [made_from, *_state(warehouse)]:
        print("nothing changed since the last run: the warehouse is as it should be")
        return 0
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    record.unlink(missing_ok=True)
    started = time.monotonic()
    command = [
        str(Path(sys.executable).with_name("dbt")), "build", "--project-dir", str(project.root),
        "--profiles-dir", str(project.root), "--vars", json.dumps(variables),
        "--quiet", "--warn-error-options", json.dumps({"error": ["Deprecations"]}),
    ]  # fmt: skip
    print(f"dbt build: {', '.join(systems)} (this takes a minute or two)", flush=True)
    environment = {**os.environ, WAREHOUSE_VARIABLE: str(warehouse)}
    status = subprocess.run(command, cwd=project.root, env=environment, check=False).returncode
    if status == 0:
        _record(warehouse, made_from)
        print(f"dbt build: done in {time.monotonic() - started:.0f} s")
    else:
        print("dbt build failed; the lines above name what and where", file=sys.stderr)
    return status


def _record(warehouse: Path, made_from: str) -> None:
    """Write down what a complete run was made from and left behind."""
    built = [made_from, *_state(warehouse)]
    text = json.dumps({"built": built})
    warehouse.with_suffix(".run.json").write_text(text, encoding="utf-8")


def _recorded(record: Path) -> object:
    """Return what the last complete run was made from and left behind."""
    try:
        return json.loads(record.read_text(encoding="utf-8"))["built"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _state(warehouse: Path) -> list[int]:
    """Return the file's size and time of change: another program's change shows."""
    if not warehouse.exists():
        return []
    status = warehouse.stat()
    return [status.st_size, status.st_mtime_ns]


def fingerprint(root: Path, raw: Sequence[Path], variables: dict[str, Any]) -> str:
    """Return a hash of the project's text, the raw files' sizes and times, and vars."""
    digest = hashlib.sha256(json.dumps(variables, sort_keys=True).encode())
    for name in _SOURCES:
        for path in _files(root / name):
            if path.suffix != ".pyc" and root / GENERATED_FOLDER not in path.parents:
                digest.update(str(path.relative_to(root)).encode())
                digest.update(path.read_bytes())
    for folder in raw:
        for path in _files(folder):
            status = path.stat()
            digest.update(f"{path}{status.st_size}{status.st_mtime_ns}".encode())
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from (found for found in sorted(path.rglob("*")) if found.is_file())


def print_summary(root: Path, warehouse: Path | None = None) -> None:
    """Print what was built: tables, segments with sizes and shares, and what is next."""
    import duckdb
    from rich.console import Console
    from rich.table import Table

    path = warehouse or warehouse_path(root)
    if not path.exists():
        raise KohorteError(f"there is no warehouse at {path} yet; run: make run")
    currency = read_project(root).vars.get("currency")
    console = Console(width=None if sys.stdout.isatty() else 100, highlight=False)
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            facts = connection.sql(_FACTS).fetchone()
            segments = connection.sql(_SEGMENTS).fetchall()
    except duckdb.IOException as error:
        if "lock" in str(error):
            raise KohorteError(f"{path} is in use by another program; try again") from None
        raise KohorteError(f"{path} cannot be read as a DuckDB file; run: make run") from None
    except (duckdb.CatalogException, duckdb.BinderException):
        raise KohorteError(f"{path} is half built; run: make run") from None
    assert facts is not None
    as_of, customers, orders, revenue, quarantined, raw_rows = facts
    shown = os.path.relpath(path, root)
    console.print(f"\nThe warehouse is {shown}, seen as of {as_of:%Y-%m-%d %H:%M} UTC.")
    console.print(
        f"{customers:,} customers, {orders:,} orders, {revenue:,.2f} {currency} net revenue; "
        f"{quarantined:,} of {raw_rows:,} raw rows were set aside (table quarantine)."
    )
    table = Table(title=f"{len(segments)} segments", title_justify="left")
    table.add_column("segment", no_wrap=True)
    table.add_column("what it is", overflow="fold")
    for name in ("members", "share"):
        table.add_column(name, justify="right", no_wrap=True)
    for segment, label, members, share in segments:
        table.add_row(segment, label, f"{members:,}", f"{share:.1%}")
    console.print(table)
    console.print(
        "What to try next:\n"
        "  .venv/bin/kohorte validate        after you change a file in segments/\n"
        "  .venv/bin/dbt build               to build again, everything or with --select\n"
        "  make dev                          to see it run on a schedule, in the browser",
        soft_wrap=True,
    )


_FACTS = """
    select
        (select as_of from int_clock),
        (select count(*) from dim_customers),
        (select count(*) from fct_orders),
        (select coalesce(sum(net_revenue), 0) from fct_orders),
        (select count(*) from quarantine),
        (select coalesce(sum(count_raw), 0) from int_row_counts)
"""
_SEGMENTS = """
    select segment, label, members, share_of_customers
    from dim_segments
    order by members desc, segment
"""
