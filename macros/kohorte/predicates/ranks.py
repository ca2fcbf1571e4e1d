"""Tests of a number's rank among all of the entity, or within each group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from sqlglot import exp

from kohorte import document, shapes
from kohorte.catalog import Column, Type
from kohorte.predicates.base import Predicate, Rank, Scope, Subject, literal
from kohorte.predicates.comparison import Between, Comparison

if TYPE_CHECKING:
    from kohorte.document import Node
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary


def among_the_first(rank: Rank, amount: int | Decimal, is_share: bool) -> exp.Expr:
    """Return whether a position is among the first so many, or ceil(share of the ranked).

    position <= ceil(ranked * percent / 100) is (position - 1) * 100 < ranked * percent.
    """
    if not is_share:
        return exp.LTE(this=rank.position, expression=literal(amount))
    before = exp.paren(exp.Sub(this=rank.position, expression=literal(1)))
    return exp.LT(
        this=exp.Mul(this=before, expression=literal(100)),
        expression=exp.Mul(this=rank.total, expression=literal(amount)),
    )


@dataclass(frozen=True)
class Extreme(Predicate):
    """`top` and `bottom`: the highest or lowest so many, or such a share.

    A share keeps ceil(share of the ranked); ties are broken by the key, ascending.
    """

    operators = ("top", "bottom")
    types = frozenset({Type.NUMBER})
    options = ("per",)

    is_top: bool
    amount: int | Decimal
    is_share: bool
    per: str | None

    @classmethod
    def read(
        cls,
        operator: str,
        node: Node,
        column: Column,
        options: Mapping[str, Node],
        reader: Reader,
    ) -> Self:
        """Read a whole number, or a percentage above 0 and up to 100."""
        reader.need_ranking(node)
        amount, is_share = reader.amount_or_share(node)
        per = reader.option_per(options)
        return cls(operator == "top", amount, is_share, per)

    @classmethod
    def schema(cls, operator: str, column: Column, vocabulary: Vocabulary) -> Schema | None:
        """Return the schema of a number or a percentage; only entities are ranked."""
        if vocabulary.activity:
            return None
        which = "highest" if operator == "top" else "lowest"
        return shapes.described(shapes.amount_or_share(), f"So many of the {which} values.")

    def sql(self, subject: Subject, scope: Scope) -> exp.Expr:
        """Return the test of the position, for those who have a value."""
        rank = scope.rank(subject.column.name, self.per, descending=self.is_top)
        known = exp.Not(this=exp.Is(this=subject.copy(), expression=exp.Null()))
        inside = among_the_first(rank, self.amount, self.is_share)
        return exp.and_(known, inside, copy=False)

    def words(self) -> str:
        """Say `is among the top 10% per country`."""
        amount = f"{self.amount}%" if self.is_share else f"{self.amount}"
        per = f" of each {self.per}" if self.per else ""
        return f"is among the {'top' if self.is_top else 'bottom'} {amount}{per}"

    def columns(self) -> Iterator[str]:
        """Yield the attribute that the groups are made of."""
        if self.per:
            yield self.per


@dataclass(frozen=True)
class Percentile(Predicate):
    """`percentile`: 100 * (position - 1) / (ranked - 1), from the lowest, 0 to 100.

    It is SQL's percent_rank with ties broken by the key; alone in a group it is 0.
    """

    operators = ("percentile",)
    types = frozenset({Type.NUMBER})
    options = ("per",)

    tests: tuple[Comparison | Between, ...]
    per: str | None

    @classmethod
    def read(
        cls,
        operator: str,
        node: Node,
        column: Column,
        options: Mapping[str, Node],
        reader: Reader,
    ) -> Self:
        """Read tests of a number."""
        reader.need_ranking(node)
        if isinstance(node, document.Scalar):
            raise reader.fail(node, "a percentile alone hits hardly anybody", "{gte: 90}")
        return cls(reader.number_tests(node), reader.option_per(options))

    @classmethod
    def schema(cls, operator: str, column: Column, vocabulary: Vocabulary) -> Schema | None:
        """Return the schema of tests of a number; only entities are ranked."""
        if vocabulary.activity:
            return None
        description = "The rank from the lowest value, 0, to the highest, 100."
        tests = shapes.fields(vocabulary.number_operators())
        return shapes.described(vocabulary.named("percentile_tests", tests), description)

    def sql(self, subject: Subject, scope: Scope) -> exp.Expr:
        """Return the tests of the percentile."""
        rank = scope.rank(subject.column.name, self.per, descending=False)
        known = exp.Not(this=exp.Is(this=subject.copy(), expression=exp.Null()))
        before = exp.paren(exp.Sub(this=rank.position, expression=literal(1)))
        others = exp.func("greatest", exp.Sub(this=rank.total, expression=literal(1)), literal(1))
        share = exp.Div(
            this=exp.Mul(this=before, expression=exp.Literal.number("100.0")), expression=others
        )
        percentile = Subject(Column("percentile", Type.NUMBER), share)
        return exp.and_(known, *(t.sql(percentile, scope) for t in self.tests), copy=False)

    def words(self) -> str:
        """Say `has a percentile that is at least 90`."""
        tests = " and ".join(test.words() for test in self.tests)
        return f"has a percentile{f' in its {self.per}' if self.per else ''} that {tests}"

    def columns(self) -> Iterator[str]:
        """Yield the attribute that the groups are made of."""
        if self.per:
            yield self.per


PREDICATES = (Extreme, Percentile)
