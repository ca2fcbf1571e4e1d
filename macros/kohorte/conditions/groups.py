"""`all`, `any`, `none`, `not`: conditions of conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sqlglot import exp

from kohorte import shapes
from kohorte.conditions.base import Build, Condition, ReadCondition
from kohorte.document import Sequence
from kohorte.errors import Invalid
from kohorte.predicates.base import complement

if TYPE_CHECKING:
    from kohorte.document import Mapping
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary

_MEANINGS = {
    "all": "All of these hold.",
    "any": "At least one of these holds.",
    "none": "None of these holds.",
    "not": "This does not hold; of a list, not all hold.",
}
_JOINED = {"all": " and ", "any": " or ", "none": " or ", "not": " and "}


@dataclass(frozen=True)
class Group(Condition):
    """Conditions that must all hold, of which any, or none, must hold."""

    heads = tuple(_MEANINGS)

    head: str
    conditions: tuple[Condition, ...]

    @classmethod
    def read(cls, head: str, node: Mapping, reader: Reader, inner: ReadCondition) -> Self:
        """Read a list of conditions, or a single one."""
        reader.fields(node, required=(head,))
        value = node.entries[0][1]
        if not isinstance(value, Sequence):
            return cls(head, (inner(value, reader),))
        conditions = []
        for item in reader.items(value):
            with reader.tolerant():
                conditions.append(inner(item, reader))
        if len(conditions) < len(value.items):
            raise Invalid
        return cls(head, tuple(conditions))

    @classmethod
    def schema(cls, head: str, vocabulary: Vocabulary) -> Schema:
        """Return the schema of a condition inside, or of a list of them."""
        inner = shapes.described(vocabulary.condition(), _MEANINGS[head])
        return shapes.fields({head: inner}, required=[head])

    def sql(self, build: Build) -> exp.Expr:
        """Return the conditions joined; a negated group is the exact complement."""
        parts = [condition.sql(build) for condition in self.conditions]
        join = exp.or_ if self.head in ("any", "none") else exp.and_
        joined = join(*parts, copy=False)
        return complement(joined) if self.head in ("none", "not") else joined

    def words(self) -> str:
        """Say the conditions, joined by and or by or."""
        joined = _JOINED[self.head].join(
            f"({condition.words()})" if isinstance(condition, Group) else condition.words()
            for condition in self.conditions
        )
        return f"not ({joined})" if self.head in ("none", "not") else joined

    def children(self) -> tuple[Condition, ...]:
        """Return the conditions of the group."""
        return self.conditions


CONDITIONS = (Group,)
