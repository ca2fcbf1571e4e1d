"""Writes raw tables as Parquet parts into a folder that appears only when complete."""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from kohorte.demo.draw import Rows
from kohorte.demo.tables import select
from kohorte.errors import KohorteError

RECEIPT = "demo.json"
#: How long after the end of its data the shop writes its export.
EXPORT_DELAY = datetime.timedelta(minutes=20)


class PartWriter:
    """Writes chunks of tables into a folder, a Parquet part each."""

    def __init__(self, folder: Path, covers_until: datetime.datetime) -> None:
        self.folder = folder
        self._connection = duckdb.connect()
        self._connection.execute("set memory_limit = '512MB'")
        exported_at = (covers_until + EXPORT_DELAY).isoformat(sep=" ")
        self._connection.execute(f"set variable exported_at = timestamp '{exported_at}'")

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def write(self, table: str, part: int, rows: Rows) -> int:
        """Write one part of a table and return how many rows it has."""
        folder = self.folder / table
        folder.mkdir(exist_ok=True)
        target = folder / f"part-{part:05d}.parquet"
        self._connection.register("rows", {name: _plain(name, rows[name]) for name in rows})
        written = self._connection.execute(
            f"copy ({select(table)}) to '{_quoted(target)}' (format parquet, compression zstd)"
        ).fetchone()
        self._connection.unregister("rows")
        return int(written[0]) if written else 0


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """Yield an empty folder beside `out` that takes its place when all went well.

    What an interrupted run left behind is removed first. A folder that this package
    did not write is never replaced: KohorteError.
    """
    _check_replaceable(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial, previous = out.with_name(f".{out.name}.partial"), out.with_name(f".{out.name}.old")
    if previous.exists() and not out.exists():
        previous.rename(out)
    for leftover in (partial, previous):
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir()
    yield partial
    if out.exists():
        out.rename(previous)
    partial.rename(out)
    shutil.rmtree(previous, ignore_errors=True)


def write_receipt(folder: Path, content: dict[str, Any]) -> None:
    """Write what a demo was made from and what is in it."""
    (folder / RECEIPT).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_receipt(folder: Path) -> dict[str, Any] | None:
    """Return what a demo says about itself, or nothing when there is none."""
    try:
        content = json.loads((folder / RECEIPT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _check_replaceable(out: Path) -> None:
    """Refuse to replace a folder that holds something else than a demo."""
    if out.is_dir() and any(out.iterdir()) and not (out / RECEIPT).is_file():
        raise KohorteError(
            f"{out} holds files that are not a demo (there is no {RECEIPT}). "
            "Choose another folder, or empty this one."
        )
    if out.exists() and not out.is_dir():
        raise KohorteError(f"{out} is a file, not a folder. Choose another place.")


def _plain(name: str, column: np.typing.NDArray[Any]) -> np.typing.NDArray[Any]:
    """Return a column as DuckDB takes it: instants as timestamps."""
    is_instant = name.endswith("_at") or name == "birthday"
    return np.ascontiguousarray(column).view("datetime64[s]") if is_instant else column


def _quoted(path: Path) -> str:
    """Return a path as it stands inside SQL quotes."""
    return str(path).replace("'", "''")
