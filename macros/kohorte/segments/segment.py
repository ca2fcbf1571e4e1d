"""A segment, resolved: who belongs, and what else its spec says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from kohorte.conditions import Condition
from kohorte.conditions.active import Active
from kohorte.conditions.base import IN_ORDER
from kohorte.conditions.groups import Group
from kohorte.errors import Place

#: A segment's name is a column's name with a prefix, and so must be shorter.
MAX_NAME = 48
DEFAULT_ENTITY = "customer"
#: What the name of a tier's memory ends in; see `read_ladder`.
REACHED_SUFFIX = "__reached"


class Kind(StrEnum):
    """Where a segment's members come from."""

    DYNAMIC = "dynamic"
    SNAPSHOT = "snapshot"
    MANUAL = "manual"
    TIER = "tier"
    BRANCH = "branch"
    REACHED = "reached"


@dataclass(frozen=True)
class Limit:
    """Only the members with the highest values, in all or in each group."""

    amount: int | Decimal
    is_share: bool
    by: str
    per: str | None

    def words(self) -> str:
        """Say `at most the top 5000 by revenue of each country`."""
        amount = f"{self.amount}%" if self.is_share else f"{self.amount}"
        return f"at most the top {amount} by {self.by}{f' of each {self.per}' if self.per else ''}"


@dataclass(frozen=True)
class Split:
    """Variants that a member falls into by seed and key; percentages add up to 100."""

    seed: str
    variants: tuple[tuple[str, int | Decimal], ...] = field(metadata=IN_ORDER)


@dataclass(frozen=True)
class Expectation:
    """What is normal for a segment; bounds that are not said are nothing."""

    min_members: int | None = None
    max_members: int | None = None
    max_change: Decimal | None = None


@dataclass(frozen=True)
class Segment:
    """Who belongs, resolved: nothing in it is a name that may not exist."""

    name: str
    place: Place
    entity: str
    label: str = ""
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    #: The name that it had before; its history goes on under the new one.
    was: str | None = None
    kind: Kind = Kind.DYNAMIC
    rule: Condition | None = None
    include: tuple[Condition, ...] = ()
    exclude: tuple[Condition, ...] = ()
    active: Active | None = None
    limit: Limit | None = None
    split: Split | None = None
    expect: Expectation = field(default_factory=Expectation)

    @property
    def condition(self) -> Condition:
        """Return rule, include, exclude and active as one; a limit comes after it.

        Exclude beats include beats rule.
        """
        inside = tuple(filter(None, (self.rule, *self.include)))
        condition = inside[0] if len(inside) == 1 else Group("any", inside)
        parts = (condition, self.active, Group("none", self.exclude) if self.exclude else None)
        whole = tuple(filter(None, parts))
        return whole[0] if len(whole) == 1 else Group("all", whole)

    def uses(self) -> list[str]:
        """Return the segments that this one is made of, each once."""
        return list(dict.fromkeys(self.condition.segments()))

    def words(self) -> str:
        """Return the definition in words."""
        limit = f"; {self.limit.words()}" if self.limit else ""
        kept = ", as it was at the first run" if self.kind is Kind.SNAPSHOT else ""
        return self.condition.words() + limit + kept
