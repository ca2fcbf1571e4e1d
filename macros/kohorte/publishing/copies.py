"""Copies tables of the build warehouse into fresh files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from kohorte.publishing.generations import OPEN_FILE, PRIVATE_FILE
from kohorte.publishing.tables import Table

#: The catalogs of the new files, while they are written.
OPEN, PRIVATE = "published_open", "published_private"
FILES = {OPEN: OPEN_FILE, PRIVATE: PRIVATE_FILE}
_CHECKSUM = """
    select count(*), lower(hex(cast(sum(cast(hash(rows) as hugeint)) % {modulus} as ubigint)))
    from {table} as rows
"""
_MODULUS = 2**64


@dataclass(frozen=True)
class Copied:
    """A table that was copied: its rows, and a checksum of them in any order.

    The checksum is the sum of DuckDB's `hash` of each row, modulo 2**64, in hexadecimal
    digits; that of a table for BI is over the columns that BI gets.
    """

    name: str
    rows: int
    checksum: str
    is_open: bool


def attach(connection: duckdb.DuckDBPyConnection, warehouse: Path, folder: Path) -> str:
    """Open the build warehouse to read and new files to write; return its catalog.

    Its views name the catalog that dbt built them in: the file's name.
    """
    catalog = quoted(warehouse.stem)
    connection.execute(f"attach {literal(warehouse)} as {catalog} (read_only)")
    for name, file in FILES.items():
        connection.execute(f"attach {literal(folder / file)} as {name}")
    return f"{catalog}.main"


def copy_tables(
    connection: duckdb.DuckDBPyConnection, build: str, tables: Iterable[Table]
) -> Iterator[Copied]:
    """Copy each table that was built into the private file, and what is open into the other.

    Columns that are described nowhere stay private.
    """
    built = _columns(connection, build)
    for table in tables:
        if table.name not in built:
            continue
        name = quoted(table.name)
        whole = f"{PRIVATE}.{name}"
        connection.execute(f"create table {whole} as select * from {build}.{name}")
        columns = [column for column in built[table.name] if column in table.columns]
        is_open = table.is_open and bool(columns)
        if is_open:
            listed = ", ".join(map(quoted, columns))
            connection.execute(f"create table {OPEN}.{name} as select {listed} from {whole}")
        counted = f"{OPEN}.{name}" if is_open else whole
        query = _CHECKSUM.format(modulus=_MODULUS, table=counted)
        rows, checksum = connection.execute(query).fetchone() or (0, "0")
        yield Copied(table.name, rows, checksum, is_open)


def write_parquet(
    connection: duckdb.DuckDBPyConnection, folder: Path, names: Iterable[str]
) -> dict[str, dict[str, object]]:
    """Write tables of the open file as Parquet; return the size and SHA-256 of each file."""
    files: dict[str, dict[str, object]] = {}
    for name in names:
        path = folder / f"{name}.parquet"
        connection.execute(
            f"copy {OPEN}.{quoted(name)} to {literal(path)} (format parquet, compression zstd)"
        )
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        files[path.name] = {"bytes": path.stat().st_size, "sha256": digest}
    return files


def _columns(connection: duckdb.DuckDBPyConnection, build: str) -> dict[str, list[str]]:
    """Return the columns of each table and view of a schema, in order."""
    catalog, schema = build.rsplit(".", 1)
    rows = connection.execute(
        """
        select table_name, list(column_name order by column_index)
        from duckdb_columns()
        where database_name = ? and schema_name = ?
        group by table_name
        """,
        [catalog.strip('"'), schema],
    ).fetchall()
    return dict(rows)


def quoted(name: str) -> str:
    """Return a name as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """Return a value as SQL's text literal."""
    return "'" + str(value).replace("'", "''") + "'"
