"""The engines that compiled SQL runs on, behind the few calls that the tests need.

Tables are made from literal rows, so that each engine gets the same values the same way.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import duckdb
import psycopg
from kohorte.dialects import render as render_query
from kohorte.dialects import without_jinja
from sqlglot import exp

from tests.kohorte import harness

#: Columns of a table: name to type, as the catalog writes it.
Columns = Mapping[str, str]
Rows = Sequence[Mapping[str, Any]]


class Engine(harness.Asked, Protocol):
    """Runs compiled models; each test begins with a fresh one."""

    dialect: str

    def create(self, name: str, query: str) -> None:
        """Keep the result of a query under a name."""

    def clear(self) -> None:
        """Forget everything that was created."""

    def undone(self) -> AbstractContextManager[object]:
        """Forget what is created inside."""


@dataclass
class DuckDB:
    """The embedded default."""

    connection: duckdb.DuckDBPyConnection
    dialect: str = "duckdb"

    def create(self, name: str, query: str) -> None:
        self.execute(f"create table {name} as {query}")

    def execute(self, query: str) -> duckdb.DuckDBPyConnection:
        return self.connection.execute(query)

    def clear(self) -> None:
        for (name,) in self.execute("select table_name from duckdb_tables()").fetchall():
            self.execute(f"drop table {name}")

    @contextmanager
    def undone(self) -> Iterator[None]:
        self.execute("begin")
        yield
        self.execute("rollback")


@dataclass
class Postgres:
    """A server; everything stands in one schema."""

    connection: psycopg.Connection
    dialect: str = "postgres"

    def create(self, name: str, query: str) -> None:
        self.execute(f"create table {name} as {query}")

    def execute(self, query: str) -> psycopg.Cursor[Any]:
        return self.connection.execute(query.encode())

    def undone(self) -> AbstractContextManager[object]:
        return self.connection.transaction(force_rollback=True)

    def clear(self) -> None:
        self.execute("drop schema if exists kohorte cascade")
        self.execute("create schema kohorte")
        self.execute("set search_path to kohorte")


@dataclass(frozen=True)
class Answer:
    """The rows that Spark found."""

    rows: list[list[Any]]

    def fetchall(self) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.rows]


@dataclass
class Spark:
    """A session in a process and an environment of its own, one JSON line a question."""

    process: subprocess.Popen[str]
    dialect: str = "spark"
    names: list[str] = field(default_factory=list)

    def create(self, name: str, query: str) -> None:
        self.names.append(name)
        self.execute(f"create or replace temporary view {name} as {query}")

    def execute(self, query: str) -> Answer:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(query) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, f"{answer.get('error')}\n{query}"
        return Answer(answer["rows"])

    @contextmanager
    def undone(self) -> Iterator[None]:
        count = len(self.names)
        yield
        self._drop(count)

    def clear(self) -> None:
        self._drop(0)

    def _drop(self, first: int) -> None:
        for name in reversed(self.names[first:]):
            self.execute(f"drop view if exists {name}")
        del self.names[first:]


def load(engine: Engine, tables: Mapping[str, tuple[Columns, Rows]]) -> None:
    """Create tables from literal rows; a column that a row leaves out is null."""
    for name, (columns, rows) in tables.items():
        selects = [_select(columns, row) for row in rows]
        selects = selects or [_select(columns, {}).where(exp.false())]
        texts = [render_query(without_jinja(select), engine.dialect) for select in selects]
        engine.create(name, "\nunion all\n".join(texts))


def run_models(engine: Engine, files: Mapping[str, str]) -> None:
    """Run every compiled model, each after those that it refers to."""
    for name, text in harness.in_order(files):
        engine.create(name, harness.render(text))


def _select(columns: Columns, row: Mapping[str, Any]) -> exp.Select:
    unknown = row.keys() - columns.keys()
    assert not unknown, f"no such columns: {unknown}"
    return exp.select(
        *(exp.alias_(_value(row.get(name), kind), name) for name, kind in columns.items())
    )


def _value(value: Any, kind: str) -> exp.Expr:
    sql_type = exp.DataType.build(kind, dialect="duckdb")
    return exp.cast(_literal(value), sql_type)


def _literal(value: Any) -> exp.Expr:
    if value is None:
        return exp.Null()
    if isinstance(value, bool):
        return exp.true() if value else exp.false()
    if isinstance(value, list | tuple):
        return exp.Array(expressions=[_literal(item) for item in value])
    if isinstance(value, dt.datetime | dt.date | str):
        return exp.Literal.string(str(value))
    negative = value < 0
    number = exp.Literal.number(str(abs(value)))
    return exp.Neg(this=number) if negative else number
