"""Look through every table and file of the project for people who were forgotten."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from kohorte.forgetting.people import Person
from kohorte.project import warehouse_path
from kohorte.publishing.copies import literal, quoted
from kohorte.publishing.files import opened, told

#: What the project writes, and what people write that names customers.
_SEARCHED = ("seeds", "segments", "target", "logs", ".dagster")
#: What it writes beside the warehouse; what else is in that folder is somebody else's.
_BESIDE = ("*.duckdb", "*.duckdb.wal", "*.json", "serving/**/*", "replay/**/*", "outbox*/**/*")
_TEXTS = re.compile(r"VARCHAR|JSON|STRUCT|MAP")


@dataclass(frozen=True)
class Place:
    """A file, and the table in it if it has some, where a person still stands."""

    file: str
    table: str = ""
    rows: int = 0

    @property
    def is_handed_over(self) -> bool:
        """Tell whether the file was written for another tool to read."""
        return any(part.startswith("outbox") for part in Path(self.file).parts)

    def words(self) -> str:
        """Return file, table and rows, as far as there are any."""
        table = f", table {self.table}" if self.table else ""
        rows = f": {self.rows:,} {'row' if self.rows == 1 else 'rows'}" if self.rows else ""
        return f"{self.file}{table}{rows}"


def search(root: Path, people: Sequence[Person]) -> tuple[list[Place], int]:
    """Return where people still stand, and how many files were looked through.

    Raises KohorteError when a file cannot be read.
    """
    names = sorted(name for person in people for name in person.names())
    texts = "|".join(re.escape(name) for name in names)
    pattern = f"(?i)(^|[^0-9a-z]){'(' + texts + ')'}($|[^0-9a-z])"
    plain = re.compile(pattern.encode())
    found: list[Place] = []
    count = 0
    for path in _files(root):
        count += 1
        where = os.path.relpath(path, root)
        if path.suffix == ".duckdb":
            found += [Place(where, *place) for place in _in_database(path, pattern)]
        elif path.suffix == ".parquet":
            found += [Place(where, *place) for place in _in_parquet(path, pattern)]
        elif plain.search(path.read_bytes()):
            found.append(Place(where))
    return found, count


def _files(root: Path) -> Iterator[Path]:
    """Yield the files of the project that may name somebody, each once."""
    paths = {path for name in _SEARCHED for path in (root / name).rglob("*")}
    paths |= {path for name in _BESIDE for path in warehouse_path(root).parent.glob(name)}
    for path in sorted(paths):
        if path.is_file() and not path.is_symlink():
            yield path


def _in_database(path: Path, pattern: str) -> Iterator[tuple[str, int]]:
    """Yield the tables of a DuckDB file that match, with how many rows do."""
    with opened(path) as connection:
        tables = connection.execute(
            "select t.schema_name || '.' || t.table_name,"
            " list(struct_pack(n := c.column_name, t := c.data_type))"
            " from duckdb_tables() as t inner join duckdb_columns() as c using (table_oid)"
            " where t.database_name = current_database()"
            " and c.database_name = current_database() group by all order by all"
        ).fetchall()
        for table, columns in tables:
            schema, _, name = table.partition(".")
            relation = f"{quoted(schema)}.{quoted(name)}"
            texts = [column["n"] for column in columns if _TEXTS.search(column["t"])]
            count = _matching(connection, relation, texts, pattern)
            if count:
                yield name, count


def _in_parquet(path: Path, pattern: str) -> Iterator[tuple[str, int]]:
    with told(path), duckdb.connect() as connection:
        relation = f"read_parquet({literal(path)})"
        columns = connection.execute(f"describe select * from {relation}").fetchall()
        texts = [name for name, kind, *_ in columns if _TEXTS.search(kind)]
        count = _matching(connection, relation, texts, pattern)
        if count:
            yield "", count


def _matching(
    connection: duckdb.DuckDBPyConnection, relation: str, texts: Sequence[str], pattern: str
) -> int:
    """Return how many rows have a text that matches."""
    if not texts:
        return 0
    tests = " or ".join(
        f"regexp_matches(cast({quoted(name)} as varchar), $pattern)" for name in texts
    )
    query = f"select count(*) from {relation} where {tests}"
    found = connection.execute(query, {"pattern": pattern}).fetchone()
    return int(found[0]) if found else 0
