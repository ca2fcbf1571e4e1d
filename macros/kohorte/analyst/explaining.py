"""Why a customer is in a segment or not: each condition, and how far it is from holding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from kohorte.analyst.evaluation import Definitions, answers, bare
from kohorte.analyst.facts import Facts
from kohorte.analyst.warehouse import Warehouse
from kohorte.conditions import Condition
from kohorte.errors import KohorteError, shown
from kohorte.segments.segment import Segment
from kohorte.uses import ranks, uses_of

_NODE = "node__"


@dataclass(frozen=True)
class Node:
    """A condition, whether it holds for the customer, and what the customer has instead."""

    condition: str
    holds: bool
    #: What the customer has, in words; nothing where there is no value to show.
    found: str
    #: What is missing until it holds, in words; nothing if that is no number or time.
    missing: str
    children: tuple[Node, ...] = ()

    def failing(self) -> list[Node]:
        """Return the conditions without children that stand in the way."""
        if self.holds:
            return []
        if not self.children:
            return [self]
        return [leaf for child in self.children for leaf in child.failing()]


@dataclass(frozen=True)
class Stay:
    """Since when somebody has been a member, why, and through what."""

    entered_at: datetime
    because: str | None
    through: str


@dataclass(frozen=True)
class Explanation:
    """One segment for one customer: in or out, since when and why, and its conditions."""

    segment: str
    is_member: bool
    #: The open stay in the built segment, if there is one.
    stay: Stay | None
    conditions: Node

    def steps(self) -> int:
        """Return how many conditions stand in the way."""
        return 0 if self.is_member else max(1, len(self.conditions.failing()))

    def would_enter(self) -> str:
        """Say what is missing, if only one condition is and it is a number or a time."""
        failing = self.conditions.failing()
        return failing[0].missing if len(failing) == 1 and not self.is_member else ""

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return {**asdict(self), "would_enter": self.would_enter()}


def explain(
    warehouse: Warehouse,
    definitions: Definitions,
    customer: str,
    segments: Sequence[Segment],
    *,
    is_alone: bool = False,
) -> list[Explanation]:
    """Explain segments for one customer, members first, then the nearest misses.

    `is_alone`: the warehouse has no other customer. Raises KohorteError when there is no such
    customer.
    """
    segments = [segment for segment in segments if segment.entity == "customer"]
    if not warehouse.rows(
        "select 1 from dim_customer_features where customer_id = $customer", customer=customer
    ):
        message = f"there is no customer `{shown(customer)}` in the warehouse"
        raise KohorteError(f"{message}; ids look like shop:C0000000012")
    if not is_alone:
        _look_at_one(warehouse, definitions, customer, segments)
    trees = {segment.name: segment.condition for segment in segments}
    nodes = {id(node): node for tree in trees.values() for node in _every(tree)}
    numbers = {key: number for number, key in enumerate(nodes)}
    evaluated = definitions.closure(segments)
    tested = [bare(segments[0], f"{_NODE}{numbers[key]}", node) for key, node in nodes.items()]
    if not evaluated:
        return []
    holding = answers(warehouse, definitions, [*evaluated, *tested]).segments_of(customer)
    facts = Facts(warehouse, definitions, customer)
    stays = _open_stays(warehouse, customer)

    def tree_of(condition: Condition) -> Node:
        return Node(
            condition.words(),
            f"{_NODE}{numbers[id(condition)]}" in holding,
            facts.found(condition),
            facts.missing(condition),
            tuple(map(tree_of, condition.children())),
        )

    explained = [
        Explanation(
            segment.name,
            segment.name in holding,
            stays.get(segment.name),
            tree_of(trees[segment.name]),
        )
        for segment in segments
    ]
    return sorted(explained, key=lambda each: (each.steps(), not each.would_enter(), each.segment))


def _every(condition: Condition) -> Iterator[Condition]:
    yield condition
    for child in condition.children():
        yield from _every(child)


def _look_at_one(
    warehouse: Warehouse, definitions: Definitions, customer: str, segments: Sequence[Segment]
) -> None:
    """Put one customer's rows in the place of everybody's, unless others count as well."""
    evaluated = definitions.closure(segments)
    if any(ranks(segment) for segment in evaluated):
        return
    used = {name for segment in evaluated for name in uses_of(segment).activities}
    activities = {
        (activity.model, activity.key)
        for activity in definitions.catalog.activities.values()
        if activity.name in used
    }
    entity = definitions.catalog.entities["customer"]
    read = {*activities, (entity.model, entity.key), ("int_list_members", "customer_id")}
    for model, key in sorted(read):
        if warehouse.columns(model):
            warehouse.run(
                f"create or replace temp table {model} as"
                f" select * from {model} where {key} = $customer",
                customer=customer,
            )


def _open_stays(warehouse: Warehouse, customer: str) -> dict[str, Stay]:
    """Return the open stay of a customer in each built segment."""
    found = warehouse.rows(
        """
        select segment, entered_at, entered_because, through
        from fct_segment_stays
        where customer_id = $customer and left_at is null
        """,
        customer=customer,
    )
    return {segment: Stay(*stay) for segment, *stay in found}
