"""`in_segment`, `not_in_segment`: now a member of another segment, tier or branch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sqlglot import exp

from kohorte import shapes
from kohorte.conditions.base import Build, Condition, ReadCondition

if TYPE_CHECKING:
    from kohorte.document import Mapping
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary


@dataclass(frozen=True)
class InSegment(Condition):
    """Membership in another segment of the same run."""

    heads = ("in_segment", "not_in_segment")

    segment: str
    is_negative: bool

    @classmethod
    def read(cls, head: str, node: Mapping, reader: Reader, inner: ReadCondition) -> Self:
        """Read the segment's name."""
        fields = reader.fields(node, required=(head,))
        return cls(reader.segment(fields[head]), head == "not_in_segment")

    @classmethod
    def schema(cls, head: str, vocabulary: Vocabulary) -> Schema:
        """Return the schema of a segment's name."""
        is_member = "Not a" if head == "not_in_segment" else "A"
        description = f"{is_member} member of another segment, a tier or a branch."
        name = shapes.described(vocabulary.segment(), description)
        return shapes.fields({head: name}, required=[head])

    def sql(self, build: Build) -> exp.Expr:
        """Return the other segment's flag."""
        member = build.member(self.segment)
        return exp.Not(this=member) if self.is_negative else member

    def words(self) -> str:
        """Say `in segment vips`."""
        return f"{'not ' if self.is_negative else ''}in segment {self.segment}"

    def segments(self) -> Iterator[str]:
        """Yield the other segment."""
        yield self.segment


CONDITIONS = (InSegment,)
