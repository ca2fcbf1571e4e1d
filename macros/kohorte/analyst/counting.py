"""How many a segment has: size, reach, value, funnel, overlap, and who for example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kohorte.analyst.evaluation import Definitions, answers, bare, conditions_of
from kohorte.analyst.warehouse import Warehouse
from kohorte.audiences import CHANNELS
from kohorte.catalog import Entity
from kohorte.conditions.groups import Group
from kohorte.segments.segment import Segment

EXAMPLES = 10
OVERLAPS = 5
_ALONE, _AFTER = "alone__", "after__"


@dataclass(frozen=True)
class Step:
    """One condition of a segment: who meets it, and who meets it and all before it."""

    condition: str
    alone: int
    together: int


@dataclass(frozen=True)
class Overlap:
    """Another segment, its members, and how many of them are in this one as well."""

    segment: str
    members: int
    shared: int


@dataclass(frozen=True)
class Count:
    """What is to be said of a segment's size; `value` is net revenue in 365 days."""

    segment: str
    definition: str
    entity: str
    as_of: str
    members: int
    everybody: int
    reachable: Mapping[str, int]
    value: float | None
    funnel: Sequence[Step]
    overlaps: Sequence[Overlap]
    examples: Sequence[Mapping[str, Any]]

    @property
    def share(self) -> float:
        """Return the members' share of everybody, from 0 to 1."""
        return self.members / self.everybody if self.everybody else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return {**asdict(self), "share": self.share}


def steps_of(segment: Segment) -> list[Segment]:
    """Return the funnel: a segment of each condition alone, and with all those before it."""
    parts = conditions_of(segment)
    steps = []
    for number, condition in enumerate(parts):
        together = Group("all", parts[: number + 1])
        steps.append(bare(segment, f"{_ALONE}{number}", condition))
        steps.append(bare(segment, f"{_AFTER}{number}", together))
    return steps


def count(
    warehouse: Warehouse,
    definitions: Definitions,
    segment: Segment,
    *,
    show_personal: bool = False,
) -> Count:
    """Count a segment on the warehouse as it is, whether or not it was ever built."""
    entity = definitions.catalog.entities[segment.entity]
    found = answers(warehouse, definitions, [*definitions.closure([segment]), *steps_of(segment)])
    sizes = found.sizes()
    warehouse.run(
        f"create or replace temp table asked as select {found.key} as key from {found.table}"
        f" where {found.holds(segment.name)}"
    )
    everybody = int(warehouse.rows(f"select count(*) from {entity.model}")[0][0])
    reachable, value = _worth(warehouse, entity)
    return Count(
        segment=segment.name,
        definition=segment.words(),
        entity=entity.name,
        as_of=f"{warehouse.as_of():%Y-%m-%d %H:%M}",
        members=sizes[segment.name],
        everybody=everybody,
        reachable=reachable,
        value=value,
        funnel=[
            Step(
                condition.words(),
                sizes[f"{_ALONE}{number}"],
                sizes[f"{_AFTER}{number}"],
            )
            for number, condition in enumerate(conditions_of(segment))
        ],
        overlaps=_overlaps(warehouse, segment),
        examples=_examples(warehouse, show_personal) if entity.key == "customer_id" else [],
    )


def _worth(warehouse: Warehouse, entity: Entity) -> tuple[dict[str, int], float | None]:
    """Return how many can be reached per channel, and the members' value if it is known."""
    channels = [name for name in CHANNELS if f"is_{name}_reachable" in entity.attributes]
    sums = [f"count(*) filter (where is_{name}_reachable)" for name in channels]
    has_value = "net_revenue_365d" in entity.attributes
    if has_value:
        sums.append("sum(net_revenue_365d)")
    if not sums:
        return {}, None
    (found,) = warehouse.rows(
        f"select {', '.join(sums)} from {entity.model}"
        f" where {entity.key} in (select key from asked)"
    )
    value = float(found[-1] or 0) if has_value else None
    return dict(zip(channels, found, strict=False)), value


def _overlaps(warehouse: Warehouse, segment: Segment) -> list[Overlap]:
    """Return the built segments that share most members."""
    if segment.entity != "customer":
        return []
    found = warehouse.rows(
        f"""
        with shared as (
            select segment, count(*) as shared
            from fct_segment_stays
            where left_at is null and through <> 'reached'
            and customer_id in (select key from asked)
            group by segment
        )
        select segment, members, shared
        from shared
        inner join dim_segments using (segment)
        where segment <> $segment
        order by shared desc, segment
        limit {OVERLAPS}
        """,
        segment=segment.name,
    )
    return [Overlap(*row) for row in found]


def _examples(warehouse: Warehouse, show_personal: bool) -> list[dict[str, Any]]:
    """Return some members; what says who they are is masked unless it is asked for."""
    known = set(warehouse.columns("dim_customers"))
    personal = [name for name in ("first_name", "last_name", "email") if name in known]
    texts = [f"c.{name}" if show_personal else f"{_MASKS[name]} as {name}" for name in personal]
    features = set(warehouse.columns("dim_customer_features"))
    shown = ("country", "age_band", "net_revenue_365d", "last_order_at")
    plain = [f"f.{name}" for name in shown if name in features]
    if not known:
        texts = []
    join = "left join dim_customers as c using (customer_id)" if known else ""
    warehouse.run(
        "create or replace temp table examples as"
        f" select key from asked order by hash(key) limit {EXAMPLES}"
    )
    return warehouse.records(
        f"""
        select {", ".join(["customer_id", *texts, *plain])}
        from examples
        inner join dim_customer_features as f on examples.key = f.customer_id
        {join}
        order by hash(customer_id)
        """
    )


_MASKS = {
    "first_name": "left(c.first_name, 1) || '…'",
    "last_name": "left(c.last_name, 1) || '…'",
    "email": "left(c.email, 1) || '…@' || left(split_part(c.email, '@', 2), 1) || '…'",
}
