"""Tests of lists: any, all or none of some values, and the length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sqlglot import exp

from kohorte import shapes
from kohorte.catalog import Column, Type
from kohorte.predicates.base import Predicate, Scope, Subject, complement, literal
from kohorte.predicates.comparison import Between, Comparison

if TYPE_CHECKING:
    from kohorte.document import Node
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary

_WORDS = {"has_any": "has any of", "has_all": "has all of", "has_none": "has none of"}


@dataclass(frozen=True)
class Has(Predicate):
    """`has_any`, `has_all`, `has_none` of some values."""

    operators = tuple(_WORDS)
    types = frozenset({Type.LIST})

    operator: str
    values: tuple[str, ...]

    @classmethod
    def read(
        cls,
        operator: str,
        node: Node,
        column: Column,
        options: Mapping[str, Node],
        reader: Reader,
    ) -> Self:
        """Read at least one text."""
        values = {str(reader.value(item, column)) for item in reader.items(node)}
        return cls(operator, tuple(sorted(values)))

    @classmethod
    def schema(cls, operator: str, column: Column, vocabulary: Vocabulary) -> Schema:
        """Return the schema of a list of texts."""
        values = shapes.items(vocabulary.value(column))
        return shapes.described(values, f"The list {_WORDS[operator]} these.")

    def sql(self, subject: Subject, scope: Scope) -> exp.Expr:
        """Return one look-up a value, joined by and or by or."""
        tests: list[exp.Expr] = [
            exp.ArrayContains(this=subject.copy(), expression=literal(value))
            for value in self.values
        ]
        if self.operator == "has_all":
            return exp.and_(*tests, copy=False)
        positive = exp.or_(*tests, copy=False)
        return complement(positive) if self.operator == "has_none" else positive

    def words(self) -> str:
        """Say `has any of a, b`."""
        return f"{_WORDS[self.operator]} {', '.join(self.values)}"


@dataclass(frozen=True)
class Length(Predicate):
    """`length`: how many values the list holds."""

    operators = ("length",)
    types = frozenset({Type.LIST})

    tests: tuple[Comparison | Between, ...]

    @classmethod
    def read(
        cls,
        operator: str,
        node: Node,
        column: Column,
        options: Mapping[str, Node],
        reader: Reader,
    ) -> Self:
        """Read tests of a whole number."""
        return cls(reader.number_tests(node))

    @classmethod
    def schema(cls, operator: str, column: Column, vocabulary: Vocabulary) -> Schema:
        """Return the schema of tests of a number."""
        return shapes.described(vocabulary.number_tests(), "How many values the list holds.")

    def sql(self, subject: Subject, scope: Scope) -> exp.Expr:
        """Return the tests of the array's size."""
        size = Subject(Column("length", Type.NUMBER), exp.ArraySize(this=subject.copy()))
        return exp.and_(*(test.sql(size, scope) for test in self.tests), copy=False)

    def words(self) -> str:
        """Say `has a length that is at least 2`."""
        return "has a length that " + " and ".join(test.words() for test in self.tests)


PREDICATES = (Has, Length)
