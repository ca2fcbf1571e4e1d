"""A condition on an activity or a list: the query for the keys that meet it, and its flag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from kohorte.predicates.base import certain_column

#: How many flags a BIGINT holds, with room to spare for the sign.
WORD_BITS = 60
#: The column that stands for a look-up until its place among the packed flags is known.
MET_PREFIX = "met__"
NONE = exp.Literal.number(0)


@dataclass(frozen=True)
class Query:
    """A named query, the union of all its selects, to be written as a CTE."""

    name: str
    selects: tuple[exp.Select, ...]
    comments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lookup:
    """The keys that meet one condition, as a query; asked for again, it is the same one."""

    asked: int
    query: exp.Select
    comment: str

    @cached_property
    def tests(self) -> dict[str, exp.Expr]:
        """Return what must hold of each row, by its text."""
        where = self.query.args.get("where")
        return {test.sql(): test for test in parts_of(where.this)} if where else {}

    @cached_property
    def source(self) -> str:
        """Return what tells the rows that it reads from others: table, key, and type if any.

        Nothing if it is no plain count of one table's rows, grouped by key.
        """
        tables = [table.name for table in self.query.find_all(exp.Table) if table.name != "moments"]
        is_plain = (
            len(tables) == 1
            and self.query.args.get("group")
            and not any(self.query.find_all(exp.Subquery, exp.Window, exp.Exists))
        )
        if not is_plain:
            return ""
        first = next(iter(self.tests.values()), None)
        is_type = isinstance(first, exp.EQ) and isinstance(first.expression, exp.Literal)
        type_ = first.sql() if first and is_type else ""
        return f"{tables[0]} {self.query.selects[0].sql()} {type_}"

    def is_of_rows(self) -> bool:
        """Tell whether a single row of a key decides, and no number of them."""
        return not self.query.args.get("having")

    def met(self, source: str) -> exp.Expr:
        """Return whether the row's key is among them, for `placed` to put right."""
        return certain_column(f"{MET_PREFIX}{self.asked}", source)


def has_flag(word: exp.Expr, bit: int) -> exp.Expr:
    """Return whether a packed column has a flag."""
    masked = exp.paren(exp.BitwiseAnd(this=word, expression=exp.Literal.number(bit)))
    return exp.NEQ(this=masked, expression=NONE.copy())


def pack(flags: Sequence[tuple[exp.Expr, int]]) -> exp.Expr:
    """Return up to 60 flags as one number; each comes with its position in it."""
    total: exp.Expr = bigint(0)
    for is_met, position in flags:
        bit = exp.Literal.number(1 << position)
        value = exp.case().when(is_met, bit).else_(NONE.copy())
        total = exp.Add(this=total, expression=value)
    return total


def bigint(number: int) -> exp.Expr:
    """Return a whole number as a BIGINT."""
    return exp.cast(exp.Literal.number(number), "bigint")


def parts_of(test: exp.Expr) -> list[exp.Expr]:
    """Return the tests that must all hold."""
    inner = test.unnest()
    if not isinstance(inner, exp.And):
        return [test]
    return [part for side in (inner.left, inner.right) for part in parts_of(side)]
