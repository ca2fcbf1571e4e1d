"""What the built segments are and how they have changed: all of them, or one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kohorte.errors import KohorteError, nearest, shown

if TYPE_CHECKING:
    from kohorte.analyst.evaluation import Definitions
    from kohorte.analyst.warehouse import Warehouse

_HISTORY = 60


@dataclass(frozen=True)
class Built:
    """One segment with its whole description."""

    facts: dict[str, Any]
    #: Members in each run, the oldest first, and when.
    sizes: list[tuple[str, int]]
    used_by: list[str]


def built_segments(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Return every built segment: size, share, change since the run before, state, owner."""
    return warehouse.records(
        """
        with
        runs as (
            select
                segment, members,
                lag(members) over (partition by segment order by as_of) as members_before,
                row_number() over (partition by segment order by as_of desc) as newest
            from fct_segment_sizes
        )
        select
            dim_segments.segment, label, kind, dim_segments.members, share_of_customers,
            dim_segments.members - runs.members_before as change, state, owner
        from dim_segments
        left join runs on dim_segments.segment = runs.segment and newest = 1
        order by dim_segments.members desc, dim_segments.segment
        """
    )


def built_segment(warehouse: Warehouse, name: str) -> Built:
    """Return one built segment; raises KohorteError with the nearest name."""
    found = warehouse.records("select * from dim_segments where segment = $segment", segment=name)
    if not found:
        known = [segment for (segment,) in warehouse.rows("select segment from dim_segments")]
        hint = nearest(name, known)
        meant = f"; did you mean {hint}?" if hint else "; kohorte list names them all"
        raise KohorteError(f"no segment `{shown(name)}` was built{meant}")
    sizes = warehouse.rows(
        f"""
        select strftime(as_of, '%Y-%m-%d %H:%M'), members from fct_segment_sizes
        where segment = $segment
        order by as_of desc
        limit {_HISTORY}
        """,
        segment=name,
    )
    used_by = warehouse.rows(
        "select segment from dim_segments where list_contains(uses, $segment) order by segment",
        segment=name,
    )
    return Built(found[0], sizes[::-1], [segment for (segment,) in used_by])


def generated_sql(definitions: Definitions, name: str) -> str:
    """Return the SQL that one segment and those that it is made of compile to."""
    from kohorte.dialects import dialect_of
    from kohorte.models import entity_models
    from kohorte.moments import Clock
    from kohorte.plan import plan_entity
    from kohorte.specs import Specs

    segment = definitions.segment(name)
    specs = Specs(tuple(definitions.closure([segment])), {})
    entity = definitions.catalog.entities[segment.entity]
    project = definitions.project
    clock = Clock(project.timezone, dialect_of(project.adapter))
    models = entity_models(plan_entity(entity, specs, clock), clock.dialect)
    return "\n".join(f"-- {model}\n{text}" for model, text in models.items())
