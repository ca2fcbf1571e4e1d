"""Evaluate segments on the spot, by the same SQL as a build, in temporary tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kohorte.analyst.warehouse import Warehouse
from kohorte.catalog import Catalog, read_catalog
from kohorte.conditions import Condition
from kohorte.dialects import dialect_of
from kohorte.errors import KohorteError, nearest, shown
from kohorte.models import entity_models
from kohorte.moments import Clock
from kohorte.plan import members_model, plan_entity
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
    """Evaluate segments of one entity into a temporary table (segment, key) of a name.

    The segments that they are made of must be among them, before them.
    """
    entity = definitions.catalog.entities[segments[0].entity]
    project = definitions.project
    clock = Clock(project.timezone, dialect_of("duckdb"))
    plan = plan_entity(entity, Specs(tuple(segments), {}), clock)
    models = entity_models(plan, clock.dialect)
    names = {name: f"{table}__{name}" for name in models}

    def place(found: re.Match[str]) -> str:
        return names.get(found[1], found[1])

    order = sorted(models, key=lambda name: ("members" in name, "words" in name))
    for name in order:
        text = _REF.sub(place, _CONFIG.sub("", models[name]))
        warehouse.run(f"create or replace temp table {names[name]} as {text}")
    members = names[members_model(entity.name)]
    warehouse.run(
        f"create or replace temp view {table} as"
        f" select segment, {entity.key} as key, variant from {members}"
    )


def conditions_of(segment: Segment) -> tuple[Condition, ...]:
    """Return the conditions that must all hold, as the spec lists them."""
    rule = segment.rule
    if rule is None:
        return ()
    return rule.children() if getattr(rule, "head", "") == "all" else (rule,)


def bare(segment: Segment, name: str, rule: Condition) -> Segment:
    """Return a segment of one rule, with nothing else of the one it is made from."""
    return replace(Segment(name, segment.place, segment.entity), rule=rule, label=segment.label)
