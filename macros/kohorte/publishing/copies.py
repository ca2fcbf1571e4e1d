"""Copies tables of the build warehouse into the files of a generation.

What did not change since the generation before is taken over from there: an update that
takes in new events writes the events and the segments, and no more.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from kohorte.publishing.files import told
from kohorte.publishing.generations import OPEN_FILE, PRIVATE_FILE
from kohorte.publishing.tables import Table

#: Files that DuckDB 1.4 and newer read: written in four fifths of the time.
_STORAGE = "v1.4.0"
#: The catalogs of the new files, while they are written.
OPEN, PRIVATE = "published_open", "published_private"
FILES = {OPEN: OPEN_FILE, PRIVATE: PRIVATE_FILE}
_CHECKSUM = """
    select count(*), cast(coalesce(sum(cast(hash(rows) as hugeint)), 0) % {modulus} as ubigint)
    from {table} as rows
    where rows.rowid >= {since}
"""
_MODULUS = 2**64
#: The columns of a table by file; none, and the file does not have it.
Shape = dict[str, list[str]]


@dataclass(frozen=True)
class Copied:
    """A table that was copied: its rows, and a checksum of them in any order.

    The checksum is the sum of DuckDB's `hash` of each row, modulo 2**64, in hexadecimal
    digits; that of a table for BI is over the columns that BI gets. `since` is the number of
    rows that were taken over, `state` what it was built by (see `states`).
    """

    name: str
    rows: int
    checksum: str
    is_open: bool
    since: int
    state: Sequence[int] | None


@dataclass(frozen=True)
class Before:
    """The generation before: its folder, what its manifest says, and what puts its files
    into another folder.
    """

    folder: Path
    manifest: Mapping[str, Any]
    copy_to: Callable[[Path], None]

    def fits(self, wanted: Mapping[str, Shape]) -> bool:
        """Tell whether the tables have the same columns as before.

        What is dropped from a file is still to be found in it: a column that became personal
        needs a fresh one.
        """
        return bool(self.manifest.get("shapes") == wanted)

    def rows(self, name: str) -> int:
        """Return how many rows a table had."""
        return int(self.manifest["row_counts"][name])

    def checksum(self, name: str) -> int:
        """Return the checksum of a table."""
        return int(self.manifest["checksums"][name], 16)

    def state(self, name: str) -> Sequence[int] | None:
        """Return what a table was built by; none if nobody knows."""
        state: Sequence[int] | None = self.manifest.get("states", {}).get(name)
        return state


def attach_build(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> str:
    """Open the build warehouse to read; return its schema.

    Its views name the catalog that dbt built them in: the file's name.
    """
    catalog = quoted(warehouse.stem)
    connection.execute(f"attach {literal(warehouse)} as {catalog} (read_only)")
    return f"{catalog}.main"


def attach_files(
    connection: duckdb.DuckDBPyConnection, folder: Path, before: Before | None
) -> None:
    """Open the new files to write; they begin as copies of those before, or empty."""
    if before:
        before.copy_to(folder)
    for name, file in FILES.items():
        path = literal(folder / file)
        connection.execute(f"attach {path} as {name} (storage_version '{_STORAGE}')")


def shapes(
    connection: duckdb.DuckDBPyConnection, build: str, tables: Iterable[Table]
) -> dict[str, Shape]:
    """Return by name the columns that each file gets of the tables that were built.

    Columns that are described nowhere stay private.
    """
    built = _columns(connection, build)
    found: dict[str, Shape] = {}
    for table in tables:
        if whole := built.get(table.name):
            shown = [column for column in whole if column in table.columns]
            found[table.name] = {PRIVATE: whole, OPEN: shown if table.is_open else []}
    return found


def states(connection: duckdb.DuckDBPyConnection, build: str) -> dict[str, tuple[int, int, bool]]:
    """Return by table which build of everything made it, which one touched it last, and
    whether those in between only added rows. Views change with what they read.
    """
    try:
        rows = connection.execute(
            f"""
            select name, run, coalesce(builds, 0), coalesce(grows, false)
            from {build}.check_results
            where kind in ('model', 'seed') and name in (
                select table_name from duckdb_tables() where database_name = ?
            )
            """,
            [build.rsplit(".", 1)[0].strip('"')],
        ).fetchall()
    except duckdb.BinderException:
        return {}
    return {name: (run, builds, grows) for name, run, builds, grows in rows}


def copy_tables(
    connection: duckdb.DuckDBPyConnection,
    build: str,
    wanted: Mapping[str, Shape],
    before: Before | None,
) -> Iterator[Copied]:
    """Bring each table into the private file, and what is open of it into the other."""
    known = states(connection, build)
    for name, shape in wanted.items():
        state = known.get(name)
        since = _taken_over(before, name, state) if before else None
        if since is not None and not _is_dense(connection, f"{build}.{quoted(name)}", since):
            since = None
        for catalog, columns in shape.items():
            if columns:
                _copy(connection, build, catalog, name, columns, since)
        yield _copied(connection, name, bool(shape[OPEN]), since, state, before)


def _taken_over(before: Before, name: str, state: tuple[int, int, bool] | None) -> int | None:
    """Return how many rows of a table are as they were; none if it is to be copied whole."""
    earlier = before.state(name)
    if state is None or earlier is None:
        return None
    run, builds, grows = state
    if (run, builds) == tuple(earlier[:2]) or (run == earlier[0] and grows):
        return before.rows(name)
    return None


def _is_dense(connection: duckdb.DuckDBPyConnection, table: str, rows: int) -> bool:
    """Tell whether the first rows of a table are all there, without a gap."""
    query = f"select count(*) from {table} where rowid < {rows}"
    return connection.execute(query).fetchone() == (rows,)


def _copy(
    connection: duckdb.DuckDBPyConnection,
    build: str,
    catalog: str,
    name: str,
    columns: Sequence[str],
    since: int | None,
) -> None:
    """Copy the rows of a table from the row `since` on, or all of it."""
    table, origin = f"{catalog}.{quoted(name)}", f"{build}.{quoted(name)}"
    listed = ", ".join(map(quoted, columns))
    if since is None:
        connection.execute(f"create or replace table {table} as select {listed} from {origin}")
    else:
        connection.execute(
            f"insert into {table} select {listed} from {origin} where rowid >= {since}"
        )


def _copied(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    is_open: bool,
    since: int | None,
    state: tuple[int, int, bool] | None,
    before: Before | None,
) -> Copied:
    """Count the rows that were copied, and add those that were taken over."""
    table = f"{OPEN if is_open else PRIVATE}.{quoted(name)}"
    query = _CHECKSUM.format(modulus=_MODULUS, table=table, since=since or 0)
    rows, checksum = connection.execute(query).fetchone() or (0, 0)
    if before and since is not None:
        rows += since
        checksum += before.checksum(name)
    return Copied(
        name, rows, f"{checksum % _MODULUS:x}", is_open, since or 0, state[:2] if state else None
    )


def write_parquet(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    number: int,
    tables: Iterable[Copied],
    before: Before | None,
) -> dict[str, dict[str, object]]:
    """Write tables of the open file as Parquet; return the size and SHA-256 of each file.

    A table is a folder of parts, each named by the generation that it was written for. Rows
    that were taken over are in the same files, under links.
    """
    files: dict[str, dict[str, object]] = {}
    for table in tables:
        (folder / table.name).mkdir()
        if before and table.since:
            for name, known in before.manifest["files"].items():
                if name.startswith(f"{table.name}/"):
                    os.link(before.folder / name, folder / name)
                    files[name] = known
        if table.since and table.since == table.rows:
            continue
        path = folder / table.name / f"{number:06d}.parquet"
        connection.execute(
            f"copy (select * from {OPEN}.{quoted(table.name)} where rowid >= {table.since})"
            f" to {literal(path)} (format parquet, compression zstd)"
        )
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        known = {"bytes": path.stat().st_size, "sha256": digest}
        files[f"{table.name}/{path.name}"] = known
    return files


def _columns(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, list[str]]:
    """Return the columns of each table and view of a schema, in order."""
    catalog, name = schema.rsplit(".", 1)
    rows = connection.execute(
        """
        select table_name, list(column_name order by column_index)
        from duckdb_columns()
        where database_name = ? and schema_name = ?
        group by table_name
        """,
        [catalog.strip('"'), name],
    ).fetchall()
    return dict(rows)


def compact(path: Path) -> None:
    """Write a DuckDB file anew: what was deleted in it is in no block of the new one."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    try:
        with told(path), duckdb.connect() as connection:
            connection.execute(f"attach {literal(path)} as old (read_only)")
            connection.execute(f"attach {literal(new)} as new (storage_version '{_STORAGE}')")
            connection.execute("copy from database old to new")
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def quoted(name: str) -> str:
    """Return a name as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """Return a value as SQL's text literal."""
    return "'" + str(value).replace("'", "''") + "'"
