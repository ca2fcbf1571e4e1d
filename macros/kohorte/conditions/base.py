"""The shape of a condition: how it reads, what it becomes in SQL and in words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Protocol, Self, TypeAlias

from sqlglot import exp

from kohorte.predicates.base import Scope

if TYPE_CHECKING:
    from kohorte.catalog import Activity
    from kohorte.document import Mapping, Node
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary


#: Marks a field whose tuple means something else in another order; all others are sets.
IN_ORDER = MappingProxyType({"in_order": True})


class Build(Scope, Protocol):
    """What a condition may ask of the query that it becomes a part of.

    As a scope it speaks of the entity's attributes.
    """

    def activity(self, activity: Activity) -> Scope:
        """Return the scope of a query on an activity table."""
        ...

    def met(self, keys: exp.Select, comment: str) -> exp.Expr:
        """Return whether the row's key is among those that a query selects.

        The same query asked for twice is computed once.
        """
        ...

    def bucket(self, seed: str) -> exp.Expr:
        """Return a whole number below 2^32 that depends on seed and key alone."""
        ...

    def member(self, segment: str) -> exp.Expr:
        """Return whether the row is a member of another segment; never null."""
        ...


@dataclass(frozen=True)
class Condition(ABC):
    """True or false for every row of the entity; SQL's null counts as false."""

    #: The keys that introduce the condition; none for the tests of attributes.
    heads: ClassVar[tuple[str, ...]]

    @classmethod
    @abstractmethod
    def read(cls, head: str, node: Mapping, reader: Reader, inner: ReadCondition) -> Self:
        """Read the condition; raise Invalid after recording what is wrong."""

    @classmethod
    @abstractmethod
    def schema(cls, head: str, vocabulary: Vocabulary) -> Schema:
        """Return the JSON Schema of the mapping that `read` takes: head and options."""

    @abstractmethod
    def sql(self, build: Build) -> exp.Expr:
        """Return the boolean expression."""

    @abstractmethod
    def words(self) -> str:
        """Return the condition in words."""

    def children(self) -> tuple[Condition, ...]:
        """Return the conditions inside this one."""
        return ()

    def columns(self) -> Iterator[tuple[str, str]]:
        """Yield the columns that it needs beside those of its tests.

        Each is an activity and a name; without an activity it is an attribute.
        """
        yield from ()

    def segments(self) -> Iterator[str]:
        """Yield the segments that this condition and those inside it use."""
        for child in self.children():
            yield from child.segments()


#: Reads a condition inside a condition.
ReadCondition: TypeAlias = Callable[["Node", "Reader"], Condition]
