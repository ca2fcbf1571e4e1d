"""`<attribute>: …`: a test of one column of the entity's feature mart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sqlglot import exp

from kohorte.column_test import ColumnTest, read_column_test
from kohorte.conditions.base import Build, Condition, ReadCondition

if TYPE_CHECKING:
    from kohorte.document import Mapping
    from kohorte.reader import Reader


@dataclass(frozen=True)
class AttributeTest(Condition):
    """What an attribute must be; its name is the head."""

    heads = ()

    test: ColumnTest

    @classmethod
    def read(cls, head: str, node: Mapping, reader: Reader, inner: ReadCondition) -> Self:
        """Read the attribute's name and what is demanded of it."""
        column = reader.column(node.key(head))
        reader.fields(node, required=(head,))
        return cls(read_column_test(column, node.entries[0][1], reader))

    def sql(self, build: Build) -> exp.Expr:
        """Return the tests of the column."""
        return self.test.sql(build)

    def words(self) -> str:
        """Say the test."""
        return self.test.words()


CONDITIONS = (AttributeTest,)
