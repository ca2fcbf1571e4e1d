"""`<attribute>: …`: a test of one column of the entity's feature mart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sqlglot import exp

from kohorte import shapes
from kohorte.column_test import ColumnTest, column_test_schema, read_column_test
from kohorte.conditions.base import Build, Condition, ReadCondition

if TYPE_CHECKING:
    from kohorte.document import Mapping
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary


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

    @classmethod
    def schema(cls, head: str, vocabulary: Vocabulary) -> Schema:
        """Return the schema of the tests of an attribute; the head is its name."""
        tests = column_test_schema(vocabulary.columns[head], vocabulary)
        return shapes.fields({head: tests}, required=[head])

    def sql(self, build: Build) -> exp.Expr:
        """Return the tests of the column."""
        return self.test.sql(build)

    def words(self) -> str:
        """Say the test."""
        return self.test.words()


CONDITIONS = (AttributeTest,)
