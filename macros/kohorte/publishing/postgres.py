"""Publishes a generation to PostgreSQL, for BI tools that want a server.

Two schemas, replaced together: one with what BI may see, one with the tables that hold more
than that. For each there is a role that may read it and nothing else; an administrator
grants it to whom they like.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kohorte.catalog import NAME
from kohorte.errors import KohorteError, shown
from kohorte.project import Project
from kohorte.publishing.copies import FILES, OPEN, PRIVATE, literal, quoted
from kohorte.publishing.files import told, workshop
from kohorte.publishing.postgres_types import column_type, csv_value

if TYPE_CHECKING:
    import duckdb
    import psycopg

#: Names the server, as libpq takes it; without it, nothing is published there.
ADDRESS_VARIABLE = "KOHORTE_POSTGRES"
_SCHEMA = "postgres_schema"
#: Shorter than PostgreSQL's deadlock_timeout of 1 s: the publisher gives way, no reader does.
_LOCK_TIMEOUT = "500ms"
_ATTEMPTS, _PAUSE_SECONDS = 60, 0.5
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Server:
    """A server's address, and the schema that BI reads there."""

    address: str
    schema: str

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.schema) or len(self.schema) > 40:
            message = f"dbt_project.yml: var postgres_schema: `{shown(self.schema)}`"
            raise KohorteError(f"{message} needs another name: small letters, digits, _")

    @property
    def schemas(self) -> dict[str, str]:
        """Return the schema of each file of a generation, by its catalog."""
        return {OPEN: self.schema, PRIVATE: f"{self.schema}_private"}


def server_of(project: Project) -> Server | None:
    """Return where a project is published to besides its files, if anywhere."""
    address = os.environ.get(ADDRESS_VARIABLE)
    schema = str(project.vars.get(_SCHEMA) or "kohorte")
    return Server(address, schema) if address else None


def publish_to_postgres(generation: Path, server: Server, temporary: Path) -> None:
    """Show readers of a server the generation in a folder, in one transaction.

    Raises KohorteError, and leaves what they see as it is, when that cannot be done.
    """
    try:
        import psycopg
    except ImportError:
        raise KohorteError(
            f"{ADDRESS_VARIABLE} is set, but there is no driver; run: pip install 'psycopg[binary]'"
        ) from None
    with _explained(), psycopg.connect(server.address, autocommit=True) as target:
        _only_publisher(target, server)
        _make_roles(target, server)
        with told(generation), workshop(temporary) as source, target.transaction():
            for catalog, file in FILES.items():
                source.execute(f"attach {literal(generation / file)} as {catalog} (read_only)")
            transfer = _Transfer(source, target, temporary)
            for catalog, schema in server.schemas.items():
                transfer.load(catalog, schema)
        _swap(target, server)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what PostgreSQL says into a KohorteError; its details may hold values."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        reason = error.diag.message_primary or str(error).strip().splitlines()[0]
        raise KohorteError(
            f"published here, but not to PostgreSQL: {reason}\n"
            f"readers there keep what was published before; mend it, then: kohorte publish"
        ) from None


def _only_publisher(target: psycopg.Connection, server: Server) -> None:
    """Keep other publishers out until the connection ends."""
    held = target.execute(
        "select pg_try_advisory_lock(hashtextextended(%s, 0))", [server.schema]
    ).fetchone()
    if held != (True,):
        raise KohorteError(
            f"another program is publishing to the schema {server.schema}; try again later"
        )


def _make_roles(target: psycopg.Connection, server: Server) -> None:
    """Make the roles that are missing; they may not log in themselves."""
    for schema in server.schemas.values():
        role = _role(schema)
        known = target.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
        if not known:
            target.execute(f"create role {quoted(role)} nologin")


def _role(schema: str) -> str:
    return f"{schema}_reader"


def _next(schema: str) -> str:
    return quoted(f"{schema}__next")


@dataclass(frozen=True)
class _Transfer:
    """Two connections, and a folder for what goes from the one to the other."""

    source: duckdb.DuckDBPyConnection
    target: psycopg.Connection
    temporary: Path

    def load(self, catalog: str, schema: str) -> None:
        """Fill the schema that is going to replace one of the two."""
        following = _next(schema)
        self.target.execute(f"drop schema if exists {following} cascade")
        self.target.execute(f"create schema {following}")
        for table, columns in _tables(self.source, catalog).items():
            name = quoted(table)
            self.copy(f"{catalog}.{name}", f"{following}.{name}", columns)
        role = quoted(_role(schema))
        self.target.execute(f"grant usage on schema {following} to {role}")
        self.target.execute(f"grant select on all tables in schema {following} to {role}")

    def copy(self, origin: str, name: str, columns: Sequence[tuple[str, str]]) -> None:
        """Make a table and fill it, by way of a file of CSV."""
        described = ", ".join(f"{quoted(column)} {column_type(kind)}" for column, kind in columns)
        self.target.execute(f"create table {name} ({described})")
        values = ", ".join(csv_value(quoted(column), kind) for column, kind in columns)
        path = self.temporary / "table.csv"
        self.source.execute(
            f"copy (select {values} from {origin}) to {literal(path)}"
            " (format csv, header false, nullstr '\\N', force_quote *)"
        )
        command = f"copy {name} from stdin (format csv, null '\\N')"
        with path.open("rb") as file, self.target.cursor().copy(command) as copy:
            while chunk := file.read(_CHUNK):
                copy.write(chunk)
        path.unlink()
        self.target.execute(f"analyze {name}")


def _tables(source: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, list[tuple[str, str]]]:
    """Return name and type of the columns of each table of a file.

    Of the private file, the tables that the other one has as they are stay out.
    """
    rows = source.execute(
        """
        select table_name, column_name, data_type from duckdb_columns()
        where database_name = ? and not internal order by table_name, column_index
        """,
        [catalog],
    ).fetchall()
    tables: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in rows:
        tables.setdefault(table, []).append((column, kind))
    if catalog == OPEN:
        return tables
    others = _tables(source, OPEN)
    return {
        name: columns
        for name, columns in tables.items()
        if columns != others.get(name) or name == "publication"
    }


def _swap(target: psycopg.Connection, server: Server) -> None:
    """Replace both schemas, as soon as nobody is in the middle of reading them."""
    from psycopg import errors

    for _ in range(_ATTEMPTS):
        with suppress(errors.LockNotAvailable), target.transaction():
            target.execute(f"set local lock_timeout = '{_LOCK_TIMEOUT}'")
            for schema in server.schemas.values():
                _drop(target, schema)
            for schema in server.schemas.values():
                target.execute(f"alter schema {_next(schema)} rename to {quoted(schema)}")
            return
        time.sleep(_PAUSE_SECONDS)
    raise KohorteError(
        "published here, but not to PostgreSQL: somebody has been reading there all the time\n"
        "see pg_stat_activity for transactions that stay open, then: kohorte publish"
    )


def _drop(target: psycopg.Connection, schema: str) -> None:
    """Drop a schema whose tables nobody else's objects need.

    All tables are locked first: a query that has begun reads all of them, or waits and
    finds all the new ones.
    """
    found = target.execute(
        "select format('%%I.%%I', schemaname, tablename) from pg_tables"
        " where schemaname = %s order by tablename",
        [schema],
    ).fetchall()
    if found:
        tables = ", ".join(name for (name,) in found)
        target.execute(f"lock table {tables} in access exclusive mode")
        target.execute(f"drop table {tables}")
    target.execute(f"drop schema if exists {quoted(schema)}")
