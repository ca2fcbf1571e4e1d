"""`did`, `did_not`: something recorded in an activity table, or its absence."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from sqlglot import exp

from kohorte import shapes
from kohorte.catalog import Activity, Column, Type
from kohorte.column_test import ColumnTest, column_test_schema, read_column_test
from kohorte.conditions.base import Build, Condition, ReadCondition
from kohorte.document import Mapping
from kohorte.errors import nearest, shown
from kohorte.moments import Moment, Period, Window
from kohorte.predicates.base import Scope, Subject, complement, literal
from kohorte.predicates.comparison import Between, Comparison
from kohorte.reader import WINDOW_KEYS

if TYPE_CHECKING:
    from kohorte.document import Node, Scalar
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary

_AGGREGATES = {
    "sum": "The sum of a column; 0 of nothing.",
    "avg": "The average of a column; missing of nothing.",
    "min": "The smallest value of a column; missing of nothing.",
    "max": "The largest value of a column; missing of nothing.",
    "distinct": "How many different values a column has; 0 of nothing.",
}
_WHICH = ("first", "last")
_OPTIONS = ("where", "count", *_AGGREGATES, "which", "regularly", *WINDOW_KEYS)
#: `regularly` compares with the start of every week, so that there is a limit.
MAX_WEEKS = 104

Tests = tuple[Comparison | Between, ...]


@dataclass(frozen=True)
class Aggregate:
    """A number computed over somebody's occurrences, and what it must be."""

    function: str
    column: Column | None
    tests: Tests

    def sql(self, scope: Scope) -> exp.Expr:
        """Return the tests of the aggregate; null where it is missing."""
        subject = Subject(Column(self.function, Type.NUMBER), self._value(scope))
        return exp.and_(*(test.sql(subject, scope) for test in self.tests), copy=False)

    def _value(self, scope: Scope) -> exp.Expr:
        if self.column is None:
            return exp.Count(this=exp.Star())
        column = scope.column(self.column.name)
        match self.function:
            case "sum":
                return exp.func("coalesce", exp.Sum(this=column), literal(0))
            case "distinct":
                return exp.Count(this=exp.Distinct(expressions=[column]))
            case _:
                return exp.func(self.function, column)

    def admits_nothing(self) -> bool:
        """Tell whether somebody without any occurrence passes (rule 7)."""
        is_zero = self.function in ("count", "sum", "distinct")
        return is_zero and all(test.admits(0) for test in self.tests)

    def words(self) -> str:
        """Say `the sum of points is at least 5`."""
        tests = " and ".join(test.words() for test in self.tests)
        if self.column is None:
            return f"the number of times {tests}"
        named = {"avg": "average", "min": "smallest", "max": "largest"}
        function = named.get(self.function, self.function)
        if self.function == "distinct":
            return f"the number of different {self.column.name} {tests}"
        return f"the {function}{' of' if function == 'sum' else ''} {self.column.name} {tests}"


@dataclass(frozen=True)
class Regularly:
    """In at least so many of the last so many weeks, counted back from as_of."""

    at_least: int
    of_last: int

    def boundaries(self) -> list[Moment]:
        """Return the start of each week, the newest first."""
        weeks = range(1, self.of_last + 1)
        return [Moment("shift", Period(number, "week")) for number in weeks]

    def words(self) -> str:
        """Say `in at least 3 of the last 4 weeks`."""
        return f"in at least {self.at_least} of the last {self.of_last} weeks"


@dataclass(frozen=True)
class Occurrence:
    """Which rows of an activity count: its type, `where`, a window, the first or last."""

    activity: Activity
    type: str | None = None
    where: tuple[ColumnTest, ...] = ()
    window: Window = field(default_factory=Window)
    which: str = ""

    def of_type(self, scope: Scope) -> list[exp.Expr]:
        """Return the test of the type."""
        if self.type is None or self.activity.type is None:
            return []
        column = scope.column(self.activity.type)
        return [exp.EQ(this=column, expression=literal(self.type))]

    def narrowed(self, scope: Scope) -> list[exp.Expr]:
        """Return the tests of the columns and of the time; the future does not exist."""
        time = scope.column(self.activity.time)
        windows = [self.window, *([Window()] if self.window.may_end_later() else [])]
        inside = [
            window.contains(time, lambda moment: scope.moment(moment, local=False))
            for window in windows
        ]
        return [*(test.sql(scope) for test in self.where), *filter(None, inside)]

    def rows(self, scope: Scope) -> exp.Select:
        """Select the key of every row that counts."""
        if self.which:
            return self._first_or_last(scope)
        return _select(self.activity, scope, [*self.of_type(scope), *self.narrowed(scope)])

    def _first_or_last(self, scope: Scope) -> exp.Select:
        """Select the rows at the first or last instant that pass the other tests."""
        activity = self.activity
        before = Window().contains(
            scope.column(activity.time), lambda moment: scope.moment(moment, local=False)
        )
        assert before is not None
        found = _select(activity, scope, [*self.of_type(scope), before])
        extreme = exp.Min if self.which == "first" else exp.Max
        found = found.select(
            exp.alias_(extreme(this=scope.column(activity.time)), "found_at"), copy=False
        ).group_by(scope.column(activity.key), copy=False)
        _rename_table(found, activity.model, f"every_{activity.model}")
        same = exp.and_(
            exp.EQ(
                this=scope.column(activity.key),
                expression=exp.column(activity.key, table="found"),
            ),
            exp.EQ(
                this=scope.column(activity.time),
                expression=exp.column("found_at", table="found"),
            ),
            copy=False,
        )
        query = _select(activity, scope, [*self.of_type(scope), *self.narrowed(scope)])
        return query.join(
            found.subquery("found", copy=False), on=same, join_type="inner", copy=False
        )

    def words(self) -> str:
        """Say `orders.web where … within the last 30 days`."""
        name = f"{self.activity.name}{f'.{self.type}' if self.type else ''}"
        where = " and ".join(test.words() for test in self.where)
        which = f"the {self.which} of " if self.which else ""
        return f"{which}{name}{f' where {where}' if where else ''} {self.window}"


@dataclass(frozen=True)
class Did(Condition):
    """Something that the activity table records, as often or as much as demanded."""

    heads = ("did", "did_not")

    occurrence: Occurrence
    aggregates: tuple[Aggregate, ...]
    regularly: Regularly | None
    is_negative: bool

    @classmethod
    def read(cls, head: str, node: Mapping, reader: Reader, inner: ReadCondition) -> Self:
        """Read the activity and its options."""
        fields = reader.fields(node, required=(head,), optional=_OPTIONS)
        activity = reader.activity_of(fields[head])
        scoped = reader.within_activity(activity.name)
        numbers = [name for name in ("count", *_AGGREGATES) if name in fields]
        occurrence, regularly, *aggregates = reader.every(
            partial(read_occurrence, fields[head], fields, reader),
            partial(_read_regularly, fields, reader),
            *(partial(_read_aggregate, name, fields[name], scoped) for name in numbers),
        )
        return cls(occurrence, tuple(aggregates), regularly, head == "did_not")

    @classmethod
    def schema(cls, head: str, vocabulary: Vocabulary) -> Schema:
        """Return the schema of an activity, its rows that count, and numbers over them."""
        count = shapes.described(vocabulary.number_tests(), "How often; never is 0.")
        aggregates = {n: {"description": d, "type": "object"} for n, d in _AGGREGATES.items()}
        options = {"count": count, **aggregates, "regularly": _regularly_schema()}

        def of_columns(scoped: Vocabulary) -> Schema:
            return scoped.once("did", partial(_columns_schema, scoped))

        shape = occurrence_schema(head, vocabulary, of_columns, options)
        others = ("count", *_AGGREGATES, "which", *WINDOW_KEYS)
        shape["allOf"].append(shapes.alone("regularly", others))
        return shape

    def sql(self, build: Build) -> exp.Expr:
        """Return whether the key is among those whose occurrences pass."""
        admits_nothing = bool(self.aggregates) and all(
            aggregate.admits_nothing() for aggregate in self.aggregates
        )
        query = self._query(build.activity(self.occurrence.activity), admits_nothing)
        met = build.met(query, self._comment(admits_nothing))
        return exp.Not(this=met) if admits_nothing != self.is_negative else met

    def _query(self, scope: Scope, is_complement: bool) -> exp.Select:
        """Select the keys that pass or, for the complement, those that do not."""
        activity = self.occurrence.activity
        key = scope.column(activity.key)
        query = self._rows(scope).group_by(key.copy())
        if self.regularly:
            return query.having(self._weeks(scope, self.regularly), copy=False)
        if not self.aggregates:
            return query
        tests = exp.and_(*(a.sql(scope) for a in self.aggregates), copy=False)
        return query.having(complement(tests) if is_complement else tests, copy=False)

    def _rows(self, scope: Scope) -> exp.Select:
        """Select the key of every row that counts."""
        if self.regularly is None:
            return self.occurrence.rows(scope)
        newest_first = self.regularly.boundaries()
        return replace(self.occurrence, window=Window(newest_first[-1])).rows(scope)

    def _weeks(self, scope: Scope, regularly: Regularly) -> exp.Expr:
        """Return whether enough different weeks have an occurrence."""
        time = scope.column(self.occurrence.activity.time)
        week = exp.Case()
        for number, start in enumerate(regularly.boundaries()):
            bound = scope.moment(start, local=False)
            reached = exp.GTE(this=time.copy(), expression=bound)
            week = week.when(reached, literal(number), copy=False)
        count = exp.Count(this=exp.Distinct(expressions=[week]))
        return exp.GTE(this=count, expression=literal(regularly.at_least))

    def _comment(self, is_complement: bool) -> str:
        """Describe the keys that the query selects."""
        words = Did(self.occurrence, self.aggregates, self.regularly, False).words()
        return f"not the case: {words}" if is_complement else words

    def words(self) -> str:
        """Say `did orders within the last 30 days, where …`."""
        parts = [f"did {'not ' if self.is_negative else ''}{self.occurrence.words()}"]
        if self.regularly:
            parts = [parts[0].removesuffix(" at any time"), self.regularly.words()]
        parts += [aggregate.words() for aggregate in self.aggregates]
        return ", ".join(parts)


def _select(activity: Activity, scope: Scope, tests: list[exp.Expr]) -> exp.Select:
    """Select the key from an activity table."""
    query = exp.select(scope.column(activity.key)).from_(exp.to_table(activity.model))
    return query.where(*tests, copy=False) if tests else query


def _rename_table(query: exp.Select, name: str, alias: str) -> None:
    """Give a table in a query another name, so that it can stand beside itself."""
    for table in query.find_all(exp.Table):
        if table.name == name:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    for column in query.find_all(exp.Column):
        if column.table == name:
            column.set("table", exp.to_identifier(alias))


def read_occurrence(node: Node, fields: AbstractMapping[str, Node], reader: Reader) -> Occurrence:
    """Read `activity[.type]` and the options that say which of its rows count."""
    activity = reader.activity_of(node)
    scoped = reader.within_activity(activity.name)
    type_, where, window, which = reader.every(
        partial(_read_type, node, activity, reader),
        partial(_read_where, fields, scoped),
        partial(reader.one_window, fields),
        partial(_read_which, fields, reader),
    )
    return Occurrence(activity, type_, where, window, which)


def where_schema(scoped: Vocabulary) -> Schema:
    """Return what an occurrence may say about the columns of its activity: `where`."""
    columns = {name: column_test_schema(c, scoped) for name, c in scoped.columns.items()}
    return {"properties": {"where": scoped.once("where", partial(shapes.fields, columns))}}


def _columns_schema(scoped: Vocabulary) -> Schema:
    """Return what `did` may say about the columns of its activity: `where`, aggregates."""
    numbers = {"of": scoped.column_names((Type.NUMBER,)), **scoped.number_operators()}
    anything = {**numbers, "of": scoped.column_names()}
    return {
        "properties": {
            **where_schema(scoped)["properties"],
            **{
                name: {
                    **shapes.fields(anything if name == "distinct" else numbers, required=["of"]),
                    "minProperties": 2,
                }
                for name in _AGGREGATES
            },
        }
    }


def occurrence_schema(
    head: str,
    vocabulary: Vocabulary,
    of_columns: Callable[[Vocabulary], Schema],
    options: AbstractMapping[str, Schema] = MappingProxyType({}),
) -> Schema:
    """Return the JSON Schema of what `read_occurrence` reads, and of further options.

    `of_columns` narrows what names columns to those of one activity.
    """
    done = "What is recorded" if head == "did" else "What is not recorded"
    which = "Window and `where` speak of this one occurrence."
    properties = {
        head: shapes.described(vocabulary.occurrence(), f"{done}: activity, or activity.type."),
        "where": shapes.described({"type": "object"}, "Tests of the activity's columns."),
        **{key: vocabulary.window(key) for key in WINDOW_KEYS},
        "which": shapes.described(shapes.one_of(_WHICH), which),
        **options,
    }
    shape = shapes.fields(properties, required=[head])
    shape["allOf"] = [vocabulary.one_window()]
    for name in vocabulary.activities():
        is_it = {"properties": {head: {"pattern": rf"^{re.escape(name)}($|\.)"}}}
        narrowed = of_columns(vocabulary.within_activity(name))
        shape["allOf"].append({"if": {**is_it, "required": [head]}, "then": narrowed})
    return shape


def _regularly_schema() -> Schema:
    parts = {"at_least": shapes.whole(1, MAX_WEEKS), "of_last": shapes.weeks()}
    shape = shapes.fields(parts, required=parts)
    return shapes.described(shape, "In so many of the last so many weeks; no window beside it.")


def _read_type(node: Node, activity: Activity, reader: Reader) -> str | None:
    """Read what stands behind the dot of `activity.type`."""
    name, dot, type_ = reader.text(node).partition(".")
    if not dot:
        return None
    if activity.type is None:
        raise reader.fail(node, f"{name} has no types", f"`{name}` alone, and `where`")
    if not type_:
        raise reader.fail(node, "no type behind the dot", f"`{name}` alone, or {name}.<type>")
    if activity.types and type_ not in activity.types:
        hint = nearest(type_, activity.types)
        raise reader.fail(
            node,
            f"{name} has no type `{shown(type_)}`",
            ", ".join(activity.types),
            [f"{name}.{hint}"] if hint else [],
            f"{name}.{type_}",
        )
    return type_


def _read_where(fields: AbstractMapping[str, Node], reader: Reader) -> tuple[ColumnTest, ...]:
    """Read tests of the activity's columns; all must hold."""
    if "where" not in fields:
        return ()
    entries = reader.mapping(fields["where"], "columns of the activity").entries

    def read(key: Scalar, value: Node) -> ColumnTest:
        return read_column_test(reader.column(key), value, reader)

    tests = reader.every(*(partial(read, key, value) for key, value in entries))
    return tuple(sorted(tests, key=lambda test: test.column.name))


def _read_which(fields: AbstractMapping[str, Node], reader: Reader) -> str:
    if "which" not in fields:
        return ""
    node = fields["which"]
    text = reader.text(node)
    if text not in _WHICH:
        raise reader.fail(node, f"`{shown(text)}`", "first or last", _WHICH, text)
    return text


def _read_aggregate(name: str, node: Node, reader: Reader) -> Aggregate:
    """Read `count: {gte: 2}` or `sum: {of: column, gte: 5}`."""
    if name == "count":
        return Aggregate(name, None, reader.number_tests(node))
    mapping = reader.mapping(node, "of, and a test such as gte")
    of = mapping.get("of")
    if of is None:
        raise reader.fail(node, "`of` is missing", f"the column that `{name}` is taken of")
    column = reader.column_named(of)
    if name != "distinct" and column.type is not Type.NUMBER:
        raise reader.fail(node, f"{column.name} is a {column.type}", "a number")
    rest = tuple(entry for entry in mapping.entries if entry[0].value != "of")
    return Aggregate(name, column, reader.number_tests(Mapping(mapping.place, rest)))


def _read_regularly(options: AbstractMapping[str, Node], reader: Reader) -> Regularly | None:
    """Read `{at_least: 3, of_last: 4 weeks}`, which stands alone."""
    if "regularly" not in options:
        return None
    node = options["regularly"]
    if any(key in options for key in (*WINDOW_KEYS, "count", *_AGGREGATES, "which")):
        message = "`regularly` brings its own window and count"
        raise reader.fail(node, message, "only `where` beside it")
    fields = reader.fields(node, required=("at_least", "of_last"))
    period = reader.period(fields["of_last"])
    if period.unit != "week" or not 1 <= period.amount <= MAX_WEEKS:
        message = f"`{period}` does not fit here"
        raise reader.fail(fields["of_last"], message, f"1 week to {MAX_WEEKS} weeks")
    at_least = reader.whole(fields["at_least"], 1, period.amount)
    return Regularly(at_least, period.amount)


CONDITIONS = (Did,)
