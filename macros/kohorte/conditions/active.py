"""The period in which a segment has members at all; `active:` of a segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from sqlglot import exp

from kohorte import shapes
from kohorte.conditions.base import Build, Condition, ReadCondition
from kohorte.moments import AS_OF, Moment, Window

if TYPE_CHECKING:
    from kohorte.document import Mapping, Node
    from kohorte.reader import Reader
    from kohorte.shapes import Schema
    from kohorte.vocabulary import Vocabulary


@dataclass(frozen=True)
class Active(Condition):
    """as_of lies in a period; the same for everybody."""

    heads = ()

    period: Window

    @classmethod
    def read(cls, head: str, node: Mapping, reader: Reader, inner: ReadCondition) -> NoReturn:
        """Refuse: it is a key of a segment, not a condition."""
        raise NotImplementedError

    @classmethod
    def schema(cls, head: str, vocabulary: Vocabulary) -> Schema:
        """Return the schema of the period, as a segment has it under `active`."""
        period = {
            "from": shapes.described(shapes.date(), "The first instant with members."),
            "until": shapes.described(shapes.date(), "The first instant without."),
        }
        return shapes.described(shapes.fields(period), "When the segment has members at all.")

    def sql(self, build: Build) -> exp.Expr:
        """Return comparisons of as_of with the period's ends."""
        inside = self.period.contains(
            build.moment(AS_OF, local=False), lambda moment: build.moment(moment, local=False)
        )
        assert inside is not None
        return inside

    def words(self) -> str:
        """Say `active from 2026-01-01 until 2026-02-01`."""
        return f"active {self.period}"


def read_active(node: Node, reader: Reader) -> Active:
    """Read `{from: 2026-01-01, until: 2026-02-01}`; one of the two is enough."""
    parts = reader.fields(node, optional=("from", "until"))
    dates = {key: Moment("date", date=reader.date(value)) for key, value in parts.items()}
    start, end = dates.get("from"), dates.get("until")
    if start and end and start.date and end.date and start.date >= end.date:
        raise reader.fail(node, "the period is empty", "the earlier date first")
    return Active(Window(start, end))
