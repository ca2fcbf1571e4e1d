"""Everything that a spec demands of one column: one or more predicates, all of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from kohorte import shapes
from kohorte.catalog import Column, Type
from kohorte.document import Mapping, Node, Scalar, Sequence
from kohorte.errors import shown
from kohorte.predicates import PREDICATES, Predicate
from kohorte.predicates.base import Scope, Subject
from kohorte.predicates.comparison import OneOf
from kohorte.predicates.lists import Has
from kohorte.reader import Reader
from kohorte.shapes import Schema
from kohorte.vocabulary import Vocabulary, meaning

_OPTIONS = frozenset(option for predicate in PREDICATES for option in predicate.options)
_MISSING = ("include", "exclude")


@dataclass(frozen=True)
class ColumnTest:
    """The predicates on one column, and what a missing value means if it is said."""

    column: Column
    predicates: tuple[Predicate, ...]
    missing: str = ""

    def sql(self, scope: Scope) -> exp.Expr:
        """Return the boolean expression; null counts as false."""
        is_place = self.column.type is Type.PLACE
        subject = Subject(self.column, exp.Null() if is_place else scope.column(self.column.name))
        tests = [predicate.sql(subject, scope) for predicate in self.predicates]
        if not self.missing:
            return exp.and_(*tests, copy=False)
        columns = self.column.parts or (self.column.name,)
        nulls = [exp.Is(this=scope.column(name), expression=exp.Null()) for name in columns]
        is_missing: exp.Expr = exp.or_(*nulls, copy=False)
        if self.missing == "include":
            return exp.or_(is_missing, exp.and_(*tests, copy=False), copy=False)
        return exp.and_(exp.Not(this=exp.paren(is_missing)), *tests, copy=False)

    def words(self) -> str:
        """Say what is demanded, the column's name first."""
        tests = " and ".join(predicate.words() for predicate in self.predicates)
        extra = {"include": ", or is unknown", "exclude": ", and is known", "": ""}
        return f"{self.column.name} {tests}{extra[self.missing]}"


def read_column_test(column: Column, node: Node, reader: Reader) -> ColumnTest:
    """Read a plain value (equal), a list (one of), or a mapping of operators."""
    if isinstance(node, Mapping):
        return _read_operators(column, node, reader)
    if column.type is Type.LIST:
        message = f"{column.name} is a list"
        raise reader.fail(node, message, ", ".join((*Has.operators, "length")))
    if OneOf not in _predicates_for(column).values():
        expected = ", ".join(_predicates_for(column))
        raise reader.fail(node, f"{column.name} is a {column.type}", expected)
    operator = "in" if isinstance(node, Sequence) else "eq"
    return ColumnTest(column, (OneOf.read(operator, node, column, {}, reader),))


def column_test_schema(column: Column, vocabulary: Vocabulary) -> Schema:
    """Return the JSON Schema of what `read_column_test` reads."""
    if column.values:
        return shapes.described(_schema(column, vocabulary), meaning(column))
    plain = Column(column.type, column.type)
    tests = vocabulary.named(column.type, _schema(plain, vocabulary))
    return shapes.described(tests, meaning(column))


def _schema(column: Column, vocabulary: Vocabulary) -> Schema:
    """Return the schema of a plain value, a list, or a mapping of operators."""
    tests = _operators_schema(column, vocabulary)
    if OneOf not in _predicates_for(column).values():
        return tests
    value = vocabulary.value(column)
    return shapes.either(value, shapes.items(value), tests)


def _operators_schema(column: Column, vocabulary: Vocabulary) -> Schema:
    """Return the schema of operators, their options, and `missing`."""
    properties: dict[str, Schema] = {}
    beside: dict[str, list[str]] = {}
    for operator, predicate in _predicates_for(column).items():
        shape = predicate.schema(operator, column, vocabulary)
        if shape is None:
            continue
        properties[operator] = shape
        for option in predicate.options:
            beside.setdefault(option, []).append(operator)
    options = {name: vocabulary.option(name, column) for name in beside}
    properties |= {name: shape for name, shape in options.items() if shape is not None}
    properties["missing"] = shapes.described(shapes.one_of(_MISSING), "What no value counts as.")
    tests = shapes.fields(properties)
    tests["allOf"] = [{"if": shapes.has("missing"), "then": {"minProperties": 2}}]
    for name, operators in beside.items():
        if name in properties:
            needed = shapes.any_of_keys(operators)
            tests["allOf"].append({"if": shapes.has(name), "then": needed})
    return tests


def _predicates_for(column: Column) -> dict[str, type[Predicate]]:
    """Return the operators that fit a column's type."""
    return {
        operator: predicate
        for predicate in PREDICATES
        if column.type in predicate.types
        for operator in predicate.operators
    }


def _read_operators(column: Column, node: Mapping, reader: Reader) -> ColumnTest:
    known = _predicates_for(column)
    options = {str(k.value): value for k, value in node.entries if k.value in _OPTIONS}
    missing = ""
    predicates: list[Predicate] = []
    used: set[str] = set()
    for key, value in reader.mapping(node, ", ".join(known)).entries:
        name = str(key.value)
        if name == "missing":
            missing = _read_missing(value, reader)
        elif name in known:
            predicate = known[name]
            used.update(predicate.options)
            predicates.append(predicate.read(name, value, column, options, reader))
        elif name not in options:
            raise _unknown_operator(key, column, known, reader)
    for name in sorted(set(options) - used):
        raise reader.fail(node.key(name), f"`{name}` does not fit the tests beside it")
    if not predicates:
        raise reader.fail(node, "no test stands here", ", ".join(known))
    return ColumnTest(column, tuple(predicates), missing)


def _read_missing(node: Node, reader: Reader) -> str:
    text = reader.text(node)
    if text not in _MISSING:
        raise reader.fail(node, f"`{shown(text)}`", "include or exclude", _MISSING, text)
    return text


def _unknown_operator(
    key: Scalar, column: Column, known: dict[str, type[Predicate]], reader: Reader
) -> Exception:
    name = str(key.value)
    elsewhere = any(name in predicate.operators for predicate in PREDICATES)
    message = (
        f"`{name}` does not fit {column.name}, which is a {column.type}"
        if elsewhere
        else f"unknown test `{shown(name)}`"
    )
    hint = () if elsewhere else known
    return reader.fail(key, message, ", ".join([*known, "missing"]), hint, name)
