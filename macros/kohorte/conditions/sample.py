"""`sample`: a stable random share of all."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import ceil
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

#: Buckets are whole numbers below this.
BUCKETS = 2**32


def threshold(percent: int | Decimal) -> int:
    """Return how many of the buckets a percentage is, rounded up."""
    return ceil(Decimal(percent) * BUCKETS / 100)


@dataclass(frozen=True)
class Sample(Condition):
    """Those whose bucket, made from seed and key, is among the first so many percent."""

    heads = ("sample",)

    percent: int | Decimal
    seed: str

    @classmethod
    def read(cls, head: str, node: Mapping, reader: Reader, inner: ReadCondition) -> Self:
        """Read `{percent: 10, seed: spring}`."""
        fields = reader.fields(node, required=(head,))
        parts = reader.fields(fields[head], required=("percent", "seed"))
        percent = reader.number(parts["percent"])
        if not 0 <= percent <= 100:
            raise reader.fail(parts["percent"], f"{percent} is no percentage", "0 to 100")
        return cls(percent, reader.text(parts["seed"]))

    @classmethod
    def schema(cls, head: str, vocabulary: Vocabulary) -> Schema:
        """Return the schema of a percentage and a seed."""
        parts = {
            "percent": shapes.number(minimum=0, maximum=100),
            "seed": shapes.described(shapes.text(), "The same seed draws the same people."),
        }
        sample = shapes.fields(parts, required=parts)
        sample = shapes.described(sample, "A stable random share of all.")
        return shapes.fields({head: sample}, required=[head])

    def sql(self, build: Build) -> exp.Expr:
        """Return a comparison of the bucket."""
        return exp.LT(this=build.bucket(self.seed), expression=literal(threshold(self.percent)))

    def words(self) -> str:
        """Say `in the sample spring of 10%`."""
        return f"in the sample {self.seed} of {self.percent}%"


CONDITIONS = (Sample,)
