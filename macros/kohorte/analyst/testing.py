"""Run the unit tests that spec files carry, in memory, through the same compiled SQL."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
from sqlglot import exp

from kohorte.analyst.evaluation import Definitions
from kohorte.analyst.explaining import Explanation, Node, explain
from kohorte.analyst.warehouse import Warehouse
from kohorte.catalog import Column, Type
from kohorte.dialects import dialect_of, render
from kohorte.errors import KohorteError
from kohorte.examples import Example, Row
from kohorte.moments import Clock, Moment

CUSTOMER = "example"
_SQL_TYPES = {
    Type.TEXT: "varchar",
    Type.NUMBER: "decimal(38, 10)",
    Type.BOOLEAN: "boolean",
    Type.DATE: "date",
    Type.TIMESTAMP: "timestamp",
    Type.LIST: "varchar[]",
}
#: What a column that is never null holds where a test says nothing of it.
_NOTHING = {
    Type.TEXT: "''",
    Type.NUMBER: "0",
    Type.BOOLEAN: "false",
    Type.DATE: "date '1970-01-01'",
    Type.TIMESTAMP: "timestamp '1970-01-01'",
    Type.LIST: "[]",
}


@dataclass(frozen=True)
class Outcome:
    """One test, how long it took in seconds, and what is not as it should be."""

    example: Example
    seconds: float
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Tell whether everything was as expected."""
        return not self.differences


def run_examples(definitions: Definitions, examples: Sequence[Example]) -> Iterator[Outcome]:
    """Yield the outcome of each test; they do not see each other's customers."""
    with _memory(definitions) as warehouse:
        for example in examples:
            started = time.perf_counter()
            _fill(warehouse, definitions, example)
            names = dict.fromkeys((*example.is_in, *example.is_not_in))
            segments = [definitions.segment(name) for name in names]
            found = explain(warehouse, definitions, CUSTOMER, segments, is_alone=True)
            differences = tuple(
                _said(each, "out of" if each.is_member else "in")
                for each in found
                if each.is_member != (each.segment in example.is_in)
            )
            yield Outcome(example, time.perf_counter() - started, differences)


def write_junit(outcomes: Sequence[Outcome], path: Path) -> None:
    """Write the outcomes as JUnit XML; raises KohorteError if that fails."""
    suite = ET.Element(
        "testsuite",
        name="kohorte",
        tests=str(len(outcomes)),
        failures=str(sum(not outcome.passed for outcome in outcomes)),
        time=f"{sum(outcome.seconds for outcome in outcomes):.3f}",
    )
    for outcome in outcomes:
        place = outcome.example.place
        case = ET.SubElement(
            suite, "testcase", classname=place.path, name=outcome.example.name,
            file=place.path, line=str(place.line), time=f"{outcome.seconds:.3f}",
        )  # fmt: skip
        if not outcome.passed:
            text = "\n".join(outcome.differences)
            ET.SubElement(case, "failure", message=text.splitlines()[0]).text = text
    try:
        ET.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise KohorteError(f"{path}: cannot be written: {error.strerror}") from None


def _said(explanation: Explanation, expected: str) -> str:
    lines = [f"should be {expected} {explanation.segment}, and is not:"]
    return "\n".join([*lines, *_tree(explanation.conditions, "  ")])


def _tree(node: Node, margin: str) -> Iterator[str]:
    found = f"  (has: {node.found})" if node.found else ""
    yield f"{margin}{'yes' if node.holds else 'no '} {node.condition}{found}"
    for child in node.children:
        yield from _tree(child, margin + "  ")


@contextmanager
def _memory(definitions: Definitions) -> Iterator[Warehouse]:
    """Make the tables that segments of customers read, without a row."""
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        for name, columns in _tables(definitions).items():
            named = ", ".join(f"{column} {sql_type}" for column, sql_type in columns.items())
            connection.execute(f"create table {name} ({named})")
        yield Warehouse(Path("memory"), connection)


def _tables(definitions: Definitions) -> dict[str, dict[str, str]]:
    entity = definitions.catalog.entities["customer"]
    tables = {
        "int_clock": {"as_of": "timestamp", "local_as_of": "timestamp", "today": "date"},
        "int_list_members": {"list_name": "varchar", "customer_id": "varchar"},
        "int_segment_snapshots_before": {"segment": "varchar"},
        "int_segment_stays_before": {
            "segment": "varchar", "customer_id": "varchar", "entered_at": "timestamp",
            "left_at": "timestamp",
        },
        "fct_segment_stays": {
            "segment": "varchar", "customer_id": "varchar", "entered_at": "timestamp",
            "entered_because": "varchar", "through": "varchar", "left_at": "timestamp",
        },
        entity.model: {entity.key: "varchar", **_columns(entity.attributes.values())},
    }  # fmt: skip
    for activity in definitions.catalog.activities_of("customer").values():
        columns = _columns(activity.columns.values())
        tables[activity.model] = {activity.key: "varchar", **columns}
    return tables


def _columns(columns: Iterable[Column]) -> dict[str, str]:
    found = {}
    for column in columns:
        if column.map:
            found[column.map] = "map(varchar, varchar)"
        elif column.type in _SQL_TYPES:
            found[column.name] = _SQL_TYPES[column.type]
    return found


def _fill(warehouse: Warehouse, definitions: Definitions, example: Example) -> None:
    """Put one test's customer into the tables, and nobody else."""
    for name in _tables(definitions):
        warehouse.run(f"delete from {name}")
    zone = ZoneInfo(definitions.project.timezone)
    local = example.as_of.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    warehouse.run(
        "insert into int_clock select $as_of, $local, $local::date",
        as_of=str(example.as_of),
        local=str(local),
    )
    for name in example.lists:
        warehouse.run("insert into int_list_members values ($list, $key)", list=name, key=CUSTOMER)
    entity = definitions.catalog.entities["customer"]
    clock = Clock(definitions.project.timezone, dialect_of("duckdb"))
    _insert(warehouse, clock, entity.model, entity.key, entity.attributes, example.customer)
    for activity_name, rows in example.did.items():
        activity = definitions.catalog.activities[activity_name]
        for row in rows:
            _insert(warehouse, clock, activity.model, activity.key, activity.columns, row)


def _insert(
    warehouse: Warehouse,
    clock: Clock,
    table: str,
    key: str,
    columns: Mapping[str, Column],
    row: Row,
) -> None:
    values = {key: f"'{CUSTOMER}'"}
    traits: dict[str, dict[str, str]] = {}
    for column in columns.values():
        if column.map and column.name in row:
            value = _sql(row[column.name], clock)
            value = f"cast({value} as date)" if column.type is Type.DATE else value
            traits.setdefault(column.map, {})[column.key] = f"cast({value} as varchar)"
        if column.name == key or column.map or column.type not in _SQL_TYPES:
            continue
        if column.name in row:
            values[column.name] = _sql(row[column.name], clock)
        elif not column.is_nullable:
            values[column.name] = _NOTHING[column.type]
    for name, texts in traits.items():
        pairs = ", ".join(f"{_sql(trait, clock)}: {text}" for trait, text in texts.items())
        values[name] = f"map {{{pairs}}}"
    warehouse.run(
        f"insert into {table} ({', '.join(values)})"
        f" select {', '.join(values.values())} from int_clock"
    )


def _sql(value: object, clock: Clock) -> str:
    """Return a value as DuckDB writes it: a literal, or an instant reckoned from as_of."""
    if isinstance(value, Moment):
        sql: exp.Expr = value.sql(clock, local=False)
    elif isinstance(value, list):
        sql = exp.Array(expressions=[exp.Literal.string(str(item)) for item in value])
    elif isinstance(value, bool):
        sql = exp.true() if value else exp.false()
    elif isinstance(value, int | Decimal):
        return f"{value}"
    elif value is None:
        sql = exp.Null()
    else:
        sql = exp.Literal.string(str(value))
    return render(sql, "duckdb")
