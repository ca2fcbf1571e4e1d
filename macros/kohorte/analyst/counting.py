"""How many a segment has: size, reach, value, funnel, overlap, and who for example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kohorte.analyst.evaluation import Definitions, bare, conditions_of, evaluate
from kohorte.analyst.warehouse import Warehouse
from kohorte.audiences import CHANNELS
from kohorte.conditions.groups import Group
from kohorte.segments.segment import Segment

EXAMPLES = 10
OVERLAPS = 5
_ALONE, _AFTER = "alone__", "after__"
_COUNTED = "counted"


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


def count(
    warehouse: Warehouse,
    definitions: Definitions,
    segment: Segment,
    *,
    show_personal: bool = False,
) -> Count:
    """Count a segment on the warehouse as it is, whether or not it was ever built."""
    entity = definitions.catalog.entities[segment.entity]
    parts = conditions_of(segment)
    steps: list[Segment] = []
    for number, condition in enumerate(parts):
        steps.append(bare(segment, f"{_ALONE}{number}", condition))
        together = Group("all", parts[: number + 1])
        steps.append(bare(segment, f"{_AFTER}{number}", together))
    evaluate(warehouse, definitions, [*definitions.closure([segment]), *steps], _COUNTED)
    sizes = dict(warehouse.rows(f"select segment, count(*) from {_COUNTED} group by segment"))
    warehouse.run(
        f"create or replace temp table asked as select key from {_COUNTED}"
        f" where segment = '{segment.name}'"
    )
    everybody = int(warehouse.rows(f"select count(*) from {entity.model}")[0][0])
    has_value = "net_revenue_365d" in entity.attributes
    return Count(
        segment=segment.name,
        definition=segment.words(),
        entity=entity.name,
        as_of=f"{warehouse.as_of():%Y-%m-%d %H:%M}",
        members=sizes.get(segment.name, 0),
        everybody=everybody,
        reachable=_reachable(warehouse, definitions, segment),
        value=_value(warehouse, entity.model, entity.key) if has_value else None,
        funnel=[
            Step(
                condition.words(),
                sizes.get(f"{_ALONE}{number}", 0),
                sizes.get(f"{_AFTER}{number}", 0),
            )
            for number, condition in enumerate(parts)
        ],
        overlaps=_overlaps(warehouse, segment),
        examples=_examples(warehouse, show_personal) if entity.key == "customer_id" else [],
    )


def _reachable(warehouse: Warehouse, definitions: Definitions, segment: Segment) -> dict[str, int]:
    entity = definitions.catalog.entities[segment.entity]
    channels = [name for name in CHANNELS if f"is_{name}_reachable" in entity.attributes]
    if not channels:
        return {}
    counts = ", ".join(f"count(*) filter (where is_{name}_reachable)" for name in channels)
    found = warehouse.rows(
        f"select {counts} from {entity.model} where {entity.key} in (select key from asked)"
    )
    return dict(zip(channels, found[0], strict=True))


def _value(warehouse: Warehouse, model: str, key: str) -> float:
    query = f"select sum(net_revenue_365d) from {model} where {key} in (select key from asked)"
    return float(warehouse.rows(query)[0][0] or 0)


def _overlaps(warehouse: Warehouse, segment: Segment) -> list[Overlap]:
    """Return the built segments that share most members."""
    if segment.entity != "customer":
        return []
    found = warehouse.rows(
        f"""
        with
        memberships as (
            select unnest(segments) as segment
            from dim_customer_segments
            where customer_id in (select key from asked)
        ),
        shared as (
            select segment, count(*) as shared
            from memberships
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
    plain = [
        f"f.{name}"
        for name in ("country", "age_band", "net_revenue_365d", "last_order_at")
        if name in warehouse.columns("dim_customer_features")
    ]
    if not known:
        texts = []
    join = "left join dim_customers as c using (customer_id)" if known else ""
    return warehouse.records(
        f"""
        select {", ".join(["customer_id", *texts, *plain])}
        from dim_customer_features as f {join}
        where customer_id in (select key from asked)
        order by hash(customer_id)
        limit {EXAMPLES}
        """
    )


_MASKS = {
    "first_name": "left(c.first_name, 1) || '…'",
    "last_name": "left(c.last_name, 1) || '…'",
    "email": "left(c.email, 1) || '…@' || left(split_part(c.email, '@', 2), 1) || '…'",
}
