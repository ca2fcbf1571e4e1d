"""The shape of a predicate: one test of one column."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

from sqlglot import exp

from kohorte.catalog import Column, Type
from kohorte.moments import Moment

if TYPE_CHECKING:
    from kohorte.document import Node
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary

ALL_TYPES = frozenset(Type) - {Type.PLACE}
MOMENT_TYPES = frozenset({Type.DATE, Type.TIMESTAMP})


class Scope(Protocol):
    """What a predicate may ask of the query that it becomes a part of."""

    def moment(self, moment: Moment, *, local: bool) -> exp.Expr:
        """Return the column that holds an instant."""
        ...

    def local(self, instant: exp.Expr) -> exp.Expr:
        """Return what the wall clock shows at an instant."""
        ...

    def utc(self, wall: exp.Expr) -> exp.Expr:
        """Return the instant at which the wall clock shows this."""
        ...

    def column(self, name: str) -> exp.Expr:
        """Return a column of the same table."""
        ...

    def rank(self, column: str, per: str | None, *, descending: bool) -> Rank:
        """Return where the row stands among those that have a value."""
        ...


@dataclass(frozen=True)
class Rank:
    """A row's position from 1, and how many rows were ranked."""

    position: exp.Expr
    total: exp.Expr


@dataclass(frozen=True)
class Subject:
    """The column under test: what the catalog says of it, and its SQL."""

    column: Column
    sql: exp.Expr

    def copy(self) -> exp.Expr:
        """Return the SQL, to be built into another expression."""
        return self.sql.copy()


@dataclass(frozen=True)
class Predicate(ABC):
    """One test, read from a spec and checked against the column's type.

    A positive predicate's SQL may be null, which counts as false. A negative one is
    exactly the complement of its positive twin, and never null.
    """

    #: The words that introduce the test.
    operators: ClassVar[tuple[str, ...]]
    #: The types of columns that it fits.
    types: ClassVar[frozenset[Type]]
    #: Further keys that may stand beside the operator.
    options: ClassVar[tuple[str, ...]] = ()

    @classmethod
    @abstractmethod
    def read(
        cls,
        operator: str,
        node: Node,
        column: Column,
        options: Mapping[str, Node],
        reader: Reader,
    ) -> Self:
        """Read the test; raise Invalid after recording what is wrong."""

    @classmethod
    @abstractmethod
    def schema(cls, operator: str, column: Column, vocabulary: Vocabulary) -> Schema | None:
        """Return the JSON Schema of what `read` takes; nothing if it always refuses."""

    @abstractmethod
    def sql(self, subject: Subject, scope: Scope) -> exp.Expr:
        """Return the boolean expression."""

    @abstractmethod
    def words(self) -> str:
        """Return the test in words, to stand after the column's name."""

    def columns(self) -> Iterator[str]:
        """Yield the columns of the same table that the test needs beside its own."""
        yield from ()


def certain_column(name: str, table: str) -> exp.Column:
    """Return a column that is never null."""
    column = exp.column(name, table=table)
    column.meta["is_certain"] = True
    return column


def is_certain(sql: exp.Expr) -> bool:
    """Tell whether an expression can be seen to be never null.

    No recursion: a list of thousands of conditions is a chain that is thousands deep.
    """
    pending = [sql]
    while pending:
        part = pending.pop()
        if isinstance(part, exp.Literal | exp.Boolean | exp.Is):
            continue
        if isinstance(part, exp.Column) and part.meta.get("is_certain"):
            continue
        if isinstance(part, exp.Coalesce) and any(map(is_certain, (part.this, *part.expressions))):
            continue
        if not isinstance(part, exp.Binary | exp.Not | exp.Paren | exp.In | exp.Between | exp.Neg):
            return False
        pending.extend(part.iter_expressions())
    return True


def two_valued(sql: exp.Expr) -> exp.Expr:
    """Return the expression with null turned into false, as far as it is needed."""
    return sql if is_certain(sql) else exp.func("coalesce", sql, exp.false())


def complement(positive: exp.Expr) -> exp.Expr:
    """Return true where the positive test is false or unknown."""
    if isinstance(positive, exp.Connector) and is_certain(positive):
        positive = exp.paren(positive, copy=False)
    return exp.Not(this=two_valued(positive))


def literal(value: object) -> exp.Expr:
    """Return a value as SQL: the literal that it is, nothing else."""
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, str):
        return exp.Literal.string(value)
    return exp.Literal.number(str(value)) if value >= 0 else _negative(value)  # type: ignore[operator]


def _negative(value: object) -> exp.Expr:
    return exp.Neg(this=exp.Literal.number(str(value).removeprefix("-")))
