"""Evaluate segments on the spot, by the same SQL as a build, in temporary tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kohorte.analyst.warehouse import Warehouse
from kohorte.catalog import Catalog, read_catalog
from kohorte.conditions import Condition
from kohorte.dialects import dialect_of
from kohorte.errors import KohorteError, nearest, shown
from kohorte.lookup import WORD_BITS
from kohorte.models import entity_models, packed_models
from kohorte.moments import Clock
from kohorte.plan import FLAG_PREFIX, EntityPlan, members_model, plan_entity, words_model
from kohorte.project import Project, read_project
from kohorte.segments.segment import REACHED_SUFFIX, Segment
from kohorte.specs import Specs, read_specs

_REF = re.compile(r'\{\{ ref\("(\w+)"\) \}\}')
_CONFIG = re.compile(r"\{\{ config\(materialized=\"(\w+)\"\) \}\}\n")
#: The name of a draft that was given without one.
DRAFT = "draft"


@dataclass(frozen=True)
class Definitions:
    """A project's segments, resolved, and what is needed to evaluate them."""

    project: Project
    catalog: Catalog
    specs: Specs

    def segment(self, name: str) -> Segment:
        """Return a segment by name; raises KohorteError with the nearest name."""
        for segment in self.specs.segments:
            if segment.name == name:
                return segment
        aside = {aside.name: aside for aside in self.specs.set_aside}
        if name in aside:
            raise KohorteError(f"{aside[name].path}: {shown(name)}: {aside[name].reason}")
        hint = nearest(name, self.names())
        meant = f"; did you mean {hint}?" if hint else "; kohorte list names them all"
        raise KohorteError(f"there is no segment `{shown(name)}`{meant}")

    def names(self) -> list[str]:
        """Return the names of all segments that people know of."""
        names = (segment.name for segment in self.specs.segments)
        return [name for name in names if not name.endswith(REACHED_SUFFIX)]

    def closure(self, segments: Iterable[Segment]) -> list[Segment]:
        """Return segments and all those that they are made of, in the order to evaluate."""
        wanted = {segment.name for segment in segments}
        by_name = {segment.name: segment for segment in self.specs.segments}
        waiting = list(segments)
        while waiting:
            for used in waiting.pop().uses():
                if used not in wanted:
                    wanted.add(used)
                    waiting.append(by_name[used])
        return [segment for segment in self.specs.segments if segment.name in wanted]


def read_definitions(
    root: Path, draft: tuple[str, str] | None = None, *, strict: bool = False
) -> Definitions:
    """Read a project's segments, and a draft: what to call its file, and its text.

    What a draft declares takes the place of what has the same name. Raises SpecErrors for
    mistakes in a draft; other specs with a mistake are set aside, unless `strict`.
    """
    project = read_project(root)
    catalog = read_catalog(project.root)
    specs = read_specs(project.specs, catalog, set_aside=not strict, draft=draft)
    return Definitions(project, catalog, specs)


def evaluate(
    warehouse: Warehouse, definitions: Definitions, segments: Sequence[Segment], table: str
) -> None:
    """Evaluate segments of one entity into a temporary view (segment, key) of a name.

    The segments that they are made of must be among them, before them.
    """
    plan = _plan(definitions, segments)
    models = entity_models(plan, "duckdb")
    members = members_model(plan.entity.name)
    text = _run(warehouse, {n: t for n, t in models.items() if n != members}, table)(
        models[members]
    )
    warehouse.run(
        f"create or replace temp view {table} as"
        f" select segment, {plan.entity.key} as key, variant from ({text})"
    )


@dataclass(frozen=True)
class Answers:
    """Who is in which segment, packed 60 to a number, one row a key: (key, word_0, …)."""

    warehouse: Warehouse
    table: str
    key: str
    #: The place of each segment: its word and its bit are place // 60 and % 60.
    places: Mapping[str, int]

    def sizes(self) -> dict[str, int]:
        """Return how many are in each segment."""
        if not self.places:
            return {}
        counts = ", ".join(f"count(*) filter (where {self.holds(name)})" for name in self.places)
        (found,) = self.warehouse.rows(f"select {counts} from {self.table}")
        return dict(zip(self.places, found, strict=True))

    def holds(self, segment: str) -> str:
        """Return the SQL that tells whether a row is in a segment."""
        word, bit = divmod(self.places[segment], WORD_BITS)
        return f"word_{word} & {1 << bit} <> 0"

    def segments_of(self, key: str) -> set[str]:
        """Return the segments that a key is in."""
        query = f"select * from {self.table} where {self.key} = $key"
        rows = self.warehouse.records(query, key=key)
        found = set()
        for segment, place in self.places.items():
            word, bit = divmod(place, WORD_BITS)
            if rows and rows[0][f"word_{word}"] >> bit & 1:
                found.add(segment)
        return found


def answers(warehouse: Warehouse, definitions: Definitions, segments: Sequence[Segment]) -> Answers:
    """Evaluate segments of one entity, each after those that it is made of."""
    plan = _plan(definitions, segments)
    render = _run(warehouse, packed_models(plan, "duckdb"), "packed", bool(plan.conditions))
    places = {
        column.removeprefix(FLAG_PREFIX): place
        for column, place in plan.places.items()
        if column.startswith(FLAG_PREFIX)
    }
    table = render(f'{{{{ ref("{words_model(plan.entity.name)}") }}}}')
    return Answers(warehouse, table, plan.entity.key, places)


def _plan(definitions: Definitions, segments: Sequence[Segment]) -> EntityPlan:
    entity = definitions.catalog.entities[segments[0].entity]
    clock = Clock(definitions.project.timezone, dialect_of("duckdb"))
    return plan_entity(entity, Specs(tuple(segments), {}), clock)


def _run(
    warehouse: Warehouse, models: Mapping[str, str], prefix: str, is_kept: bool = True
) -> Callable[[str], str]:
    """Make models; return what puts them in the place of references.

    They are kept in temporary tables, or read again each time: attributes alone are read
    faster than their answers are written.
    """
    kind = "table" if is_kept else "view"
    # A table does not take the place of a view: each has its own name.
    names = {name: f"{prefix}_{kind}__{name}" for name in models}

    def rendered(text: str) -> str:
        return _REF.sub(lambda found: names.get(found[1], found[1]), _CONFIG.sub("", text))

    for name in sorted(models, key=lambda name: "words" in name):
        warehouse.run(f"create or replace temp {kind} {names[name]} as {rendered(models[name])}")
    return rendered


def conditions_of(segment: Segment) -> tuple[Condition, ...]:
    """Return the conditions that must all hold, as the spec lists them."""
    rule = segment.rule
    if rule is None:
        return ()
    return rule.children() if getattr(rule, "head", "") == "all" else (rule,)


def bare(segment: Segment, name: str, rule: Condition) -> Segment:
    """Return a segment of one rule, with nothing else of the one it is made from."""
    return replace(Segment(name, segment.place, segment.entity), rule=rule, label=segment.label)
