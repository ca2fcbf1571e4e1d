"""`on_list`: on a manual list, a seed that people keep by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sqlglot import exp

from kohorte import shapes
from kohorte.conditions.base import Build, Condition, ReadCondition
from kohorte.predicates.base import literal

if TYPE_CHECKING:
    from kohorte.document import Mapping
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary

#: The model with one row a list and person on it at as_of.
LISTS_MODEL = "int_list_members"


@dataclass(frozen=True)
class OnList(Condition):
    """Being on a list now."""

    heads = ("on_list",)

    name: str

    @classmethod
    def read(cls, head: str, node: Mapping, reader: Reader, inner: ReadCondition) -> Self:
        """Read the list's name."""
        fields = reader.fields(node, required=(head,))
        return cls(reader.list_name(fields[head]))

    @classmethod
    def schema(cls, head: str, vocabulary: Vocabulary) -> Schema:
        """Return the schema of a list's name."""
        name = shapes.described(vocabulary.list_name(), "On a manual list now.")
        return shapes.fields({head: name}, required=[head])

    def sql(self, build: Build) -> exp.Expr:
        """Return whether the key is among the list's."""
        keys = (
            exp.select(exp.column("customer_id", table=LISTS_MODEL))
            .from_(exp.to_table(LISTS_MODEL))
            .where(
                exp.EQ(
                    this=exp.column("list_name", table=LISTS_MODEL),
                    expression=literal(self.name),
                )
            )
        )
        return build.met(keys, self.words())

    def words(self) -> str:
        """Say `on list friends`."""
        return f"on list {self.name}"


CONDITIONS = (OnList,)
