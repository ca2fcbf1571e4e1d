"""The warehouse that questions are asked of: the published one, else the build's own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from kohorte.errors import KohorteError
from kohorte.project import serving_path, warehouse_path

_BUILD_FIRST = "run: make run"
_PLACE = re.compile(r"\$(\w+)")


@dataclass(frozen=True)
class Warehouse:
    """An open warehouse, read-only; what is made on the way is temporary."""

    path: Path
    connection: duckdb.DuckDBPyConnection

    def rows(self, query: str, **values: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query, with each `$name` replaced by a text.

        Raises KohorteError when a table is not there.
        """
        with _told(self.path):
            return self.connection.execute(bound(query, values)).fetchall()

    def records(self, query: str, **values: str) -> list[dict[str, Any]]:
        """Return the rows of a query as mappings from the columns' names."""
        with _told(self.path):
            found = self.connection.execute(bound(query, values))
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def run(self, statement: str, **values: str) -> None:
        """Run a statement for what it does; raises KohorteError as `rows` does."""
        with _told(self.path):
            self.connection.execute(bound(statement, values))

    def columns(self, table: str) -> list[str]:
        """Return the columns of a table; none if it is not there."""
        query = (
            "select column_name from information_schema.columns"
            " where table_name = $table order by ordinal_position"
        )
        return [name for (name,) in self.rows(query, table=table)]

    def as_of(self) -> datetime:
        """Return the instant (UTC) that the tables are seen from."""
        found = self.rows("select as_of from int_clock")
        if not found:
            raise KohorteError(f"{self.path} is half built; {_BUILD_FIRST}")
        return datetime.fromisoformat(str(found[0][0]))

    def customers(self) -> int:
        """Return how many customers there are."""
        return int(self.rows("select count(*) from dim_customer_features")[0][0])


def bound(query: str, values: Mapping[str, str]) -> str:
    """Return a query with each `$name` replaced by a text, as a literal.

    The driver's own parameters would do the same, and import pandas for it, which takes
    longer than most questions.
    """
    return _PLACE.sub(lambda found: literal(values[found[1]]), query) if values else query


def literal(text: str) -> str:
    """Return a text as DuckDB reads it; raises KohorteError for what cannot be one."""
    if "\0" in text:
        raise KohorteError("a text with a null character is in no table")
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def open_warehouse(root: Path) -> Iterator[Warehouse]:
    """Open the published warehouse, or before the first publication the build's own.

    Raises KohorteError when there is none, it is in use, or it is no DuckDB file.
    """
    published = serving_path(root, private=True)
    path = published if published.exists() else warehouse_path(root)
    if not path.exists():
        shown = os.path.relpath(path, root)
        raise KohorteError(f"there is no warehouse at {shown} yet; {_BUILD_FIRST}")
    with _told(path):
        connection = duckdb.connect(str(path), read_only=True)
    try:
        connection.execute("set TimeZone = 'UTC'")
        yield Warehouse(path, connection)
    finally:
        connection.close()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say what DuckDB's errors mean for somebody who asks."""
    try:
        yield
    except duckdb.IOException as error:
        if "lock" in str(error):
            message = f"{path} is in use by a build; wait for its end, or publish (make run)"
            raise KohorteError(message) from None
        raise KohorteError(f"{path} cannot be read as a DuckDB file; {_BUILD_FIRST}") from None
    except (duckdb.CatalogException, duckdb.BinderException):
        message = f"{path} is half built, or older than the project; {_BUILD_FIRST}"
        raise KohorteError(message) from None
    except duckdb.OutOfMemoryException:
        raise KohorteError(f"{path}: the question needs more memory than there is") from None
