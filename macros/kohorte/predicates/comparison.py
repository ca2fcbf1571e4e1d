"""Equal, one of, set; and for what has an order: more, less, between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from sqlglot import exp

from kohorte import document, shapes
from kohorte.catalog import Column, Type
from kohorte.predicates.base import (
    ALL_TYPES,
    Predicate,
    Scope,
    Subject,
    complement,
    literal,
)

if TYPE_CHECKING:
    from kohorte.document import Node
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary

_EQUAL_TYPES = frozenset({Type.TEXT, Type.NUMBER, Type.BOOLEAN, Type.DATE})


_EQUALITIES = {
    "eq": "The value is this.",
    "ne": "The value is not this; a missing value is not.",
    "in": "The value is one of these.",
    "not_in": "The value is none of these; a missing value is none.",
}


@dataclass(frozen=True)
class OneOf(Predicate):
    """`eq`, `ne`, `in`, `not_in`: whether the value is one of those given."""

    operators = tuple(_EQUALITIES)
    types = _EQUAL_TYPES
    options = ("ignore_case",)

    values: tuple[object, ...]
    is_negative: bool
    ignore_case: bool = False

    @classmethod
    def read(
        cls,
        operator: str,
        node: Node,
        column: Column,
        options: Mapping[str, Node],
        reader: Reader,
    ) -> Self:
        """Read one value, or a list of at least one for `in` and `not_in`."""
        if operator in ("in", "not_in"):
            values = tuple(reader.value(item, column) for item in reader.items(node))
        else:
            values = (reader.value(node, column),)
        ignore_case = reader.option_ignore_case(options, column)
        unique = tuple(sorted(set(values), key=str))
        return cls(unique, operator in ("ne", "not_in"), ignore_case)

    @classmethod
    def schema(cls, operator: str, column: Column, vocabulary: Vocabulary) -> Schema:
        """Return the schema of a value, or of a list of values."""
        value = vocabulary.value(column)
        value = shapes.items(value) if operator in ("in", "not_in") else value
        return shapes.described(value, _EQUALITIES[operator])

    def sql(self, subject: Subject, scope: Scope) -> exp.Expr:
        """Return an equality or a membership in a list."""
        value = subject.copy()
        values = [self._literal(item, subject.column) for item in self.values]
        if self.ignore_case:
            value = exp.Lower(this=value)
            values = [exp.Lower(this=item) for item in values]
        if subject.column.type is Type.BOOLEAN and len(self.values) == 1:
            positive: exp.Expr = value if self.values[0] else exp.Not(this=value)
        elif len(values) == 1:
            positive = exp.EQ(this=value, expression=values[0])
        else:
            positive = exp.In(this=value, expressions=values)
        return complement(positive) if self.is_negative else positive

    @staticmethod
    def _literal(value: object, column: Column) -> exp.Expr:
        return exp.cast(literal(value), "date") if column.type is Type.DATE else literal(value)

    def words(self) -> str:
        """Say `is a, b or c`."""
        shown = [
            str(value).lower() if isinstance(value, bool) else str(value) for value in self.values
        ]
        joined = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
        case = ", in any case" if self.ignore_case else ""
        return f"is {'not ' if self.is_negative else ''}{joined}{case}"


@dataclass(frozen=True)
class IsSet(Predicate):
    """`is_set`: whether there is a value at all."""

    operators = ("is_set",)
    types = ALL_TYPES | {Type.PLACE}

    expected: bool

    @classmethod
    def read(
        cls,
        operator: str,
        node: Node,
        column: Column,
        options: Mapping[str, Node],
        reader: Reader,
    ) -> Self:
        """Read true or false."""
        return cls(reader.boolean(node))

    @classmethod
    def schema(cls, operator: str, column: Column, vocabulary: Vocabulary) -> Schema:
        """Return the schema of true and false."""
        return shapes.described(shapes.boolean(), "Whether there is a value at all.")

    def sql(self, subject: Subject, scope: Scope) -> exp.Expr:
        """Return a test for null; a place needs both of its columns."""
        parts = subject.column.parts
        columns = [scope.column(part) for part in parts] if parts else [subject.copy()]
        tests: list[exp.Expr] = [
            exp.Not(this=exp.Is(this=column, expression=exp.Null())) for column in columns
        ]
        positive = exp.and_(*tests, copy=False)
        if self.expected:
            return positive
        if len(columns) == 1:
            return exp.Is(this=columns[0].copy(), expression=exp.Null())
        return exp.Not(this=exp.paren(positive, copy=False))

    def words(self) -> str:
        """Say whether a value is there."""
        return "is known" if self.expected else "is unknown"


_COMPARISONS: dict[str, tuple[type[exp.Binary], str]] = {
    "gt": (exp.GT, "is more than"),
    "gte": (exp.GTE, "is at least"),
    "lt": (exp.LT, "is less than"),
    "lte": (exp.LTE, "is at most"),
}


@dataclass(frozen=True)
class AttributeTimes:
    """Another attribute as the right side of a comparison, times a factor."""

    attribute: str
    times: int | Decimal

    def sql(self, scope: Scope) -> exp.Expr:
        """Return the column, multiplied unless the factor is 1."""
        column = scope.column(self.attribute)
        if self.times == 1:
            return column
        return exp.Mul(this=column, expression=literal(self.times))

    def __str__(self) -> str:
        return self.attribute if self.times == 1 else f"{self.times} times {self.attribute}"


@dataclass(frozen=True)
class Comparison(Predicate):
    """`gt`, `gte`, `lt`, `lte`: a number against a number or another attribute."""

    operators = tuple(_COMPARISONS)
    types = frozenset({Type.NUMBER})

    operator: str
    right: int | Decimal | AttributeTimes

    @classmethod
    def read(
        cls,
        operator: str,
        node: Node,
        column: Column,
        options: Mapping[str, Node],
        reader: Reader,
    ) -> Self:
        """Read a number, or `{attribute: name, times: factor}`."""
        if not isinstance(node, document.Mapping):
            return cls(operator, reader.number(node))
        fields = reader.fields(node, required=("attribute",), optional=("times",))
        other = reader.other_attribute(fields["attribute"], column)
        times = reader.number(fields["times"]) if "times" in fields else 1
        return cls(operator, AttributeTimes(other.name, times))

    @classmethod
    def schema(cls, operator: str, column: Column, vocabulary: Vocabulary) -> Schema:
        """Return the schema of a number, or of another attribute and a factor."""
        other = {
            "attribute": vocabulary.column_names((column.type,)),
            "times": shapes.described(shapes.number(), "Multiply the attribute by this."),
        }
        right = shapes.either(shapes.number(), shapes.fields(other, required=["attribute"]))
        return cls.against(operator, right)

    @staticmethod
    def against(operator: str, right: Schema) -> Schema:
        """Return the schema of the right side, with what the operator means."""
        return shapes.described(right, f"The value {_COMPARISONS[operator][1]} this.")

    def sql(self, subject: Subject, scope: Scope) -> exp.Expr:
        """Return the comparison; null where either side is missing."""
        make, _ = _COMPARISONS[self.operator]
        right = self.right
        bound = right.sql(scope) if isinstance(right, AttributeTimes) else literal(right)
        return make(this=subject.copy(), expression=bound)

    def admits(self, number: int) -> bool:
        """Tell whether a number passes."""
        assert not isinstance(self.right, AttributeTimes)
        match self.operator:
            case "gt":
                return number > self.right
            case "gte":
                return number >= self.right
            case "lt":
                return number < self.right
            case _:
                return number <= self.right

    def words(self) -> str:
        """Say `is at least 5`."""
        return f"{_COMPARISONS[self.operator][1]} {self.right}"

    def columns(self) -> Iterator[str]:
        """Yield the other attribute."""
        if isinstance(self.right, AttributeTimes):
            yield self.right.attribute


@dataclass(frozen=True)
class Between(Predicate):
    """`between` of numbers: both ends are in."""

    operators = ("between",)
    types = frozenset({Type.NUMBER})

    low: int | Decimal
    high: int | Decimal

    @classmethod
    def read(
        cls,
        operator: str,
        node: Node,
        column: Column,
        options: Mapping[str, Node],
        reader: Reader,
    ) -> Self:
        """Read two numbers, the lower one first."""
        low, high = (reader.number(item) for item in reader.pair(node))
        if low > high:
            raise reader.fail(node, f"{low} is more than {high}", "the lower number first")
        return cls(low, high)

    @classmethod
    def schema(cls, operator: str, column: Column, vocabulary: Vocabulary) -> Schema:
        """Return the schema of two numbers."""
        return shapes.described(shapes.pair(shapes.number()), "From, to; both ends are in.")

    def sql(self, subject: Subject, scope: Scope) -> exp.Expr:
        """Return a SQL between."""
        return exp.Between(this=subject.copy(), low=literal(self.low), high=literal(self.high))

    def admits(self, number: int) -> bool:
        """Tell whether a number passes."""
        return self.low <= number <= self.high

    def words(self) -> str:
        """Say `is between 1 and 2`, or `is 1` for one number."""
        if self.low == self.high:
            return f"is {self.low}"
        return f"is between {self.low} and {self.high}"


PREDICATES = (OneOf, IsSet, Comparison, Between)
