"""The pipeline: load, resolve, plan, render, write."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kohorte.audience_models import audience_models
from kohorte.catalog import Catalog, Entity, read_catalog
from kohorte.dialects import dialect_of
from kohorte.models import (
    DEFINITIONS_MODEL,
    UNREAD_FILES_MODEL,
    definitions_model,
    entity_models,
    unread_files_model,
)
from kohorte.moments import Clock
from kohorte.plan import plan_entity
from kohorte.project import Project
from kohorte.segments.segment import DEFAULT_ENTITY
from kohorte.specs import Specs, read_specs

_PROPERTIES = "_generated__models.yml"
#: A value in a spec may be of any length, and so may the line that holds it.
_LINT = "[sqlfluff]\nmax_line_length = 0\n"


@dataclass(frozen=True)
class Compiled:
    """The specs, and the text of each file that they become, by file name."""

    specs: Specs
    files: Mapping[str, str]


def compile_project(project: Project, *, set_aside: bool = False) -> Compiled:
    """Compile all specs of a project; nothing is written.

    Raises SpecErrors with every mistake of every file; with `set_aside`, segments that
    hold one are left out instead, and named in the result.
    """
    catalog = read_catalog(project.root)
    specs = read_specs(project.specs, catalog, set_aside=set_aside)
    dialect = dialect_of(project.adapter)
    return Compiled(specs, compile_specs(specs, catalog, dialect, project.timezone))


def compile_specs(specs: Specs, catalog: Catalog, dialect: str, timezone: str) -> dict[str, str]:
    """Return the dbt models of resolved specs, by file name."""
    clock = Clock(timezone, dialect)
    used = {segment.entity for segment in specs.segments} | {DEFAULT_ENTITY}
    entities = sorted(used & catalog.entities.keys())
    plans = [
        plan_entity(catalog.entities[name], specs, clock, _counted(catalog.entities[name], catalog))
        for name in entities
    ]
    models = {
        DEFINITIONS_MODEL: definitions_model(specs, plans, dialect),
        UNREAD_FILES_MODEL: unread_files_model(specs, dialect),
    }
    models |= audience_models(specs, catalog, clock)
    for plan in plans:
        models |= entity_models(plan, dialect)
    files = {f"{name}.sql": text for name, text in models.items()}
    return {**files, _PROPERTIES: _properties(models), ".sqlfluff": _LINT}


def _counted(entity: Entity, catalog: Catalog) -> frozenset[str]:
    """Return the models of activities whose rows are counted, run by run: of customers alone."""
    if entity.name != DEFAULT_ENTITY:
        return frozenset()
    activities = (each for each in catalog.activities.values() if each.entity == entity.name)
    return frozenset(each.model for each in activities if each.key == entity.key)


def write_models(files: Mapping[str, str], folder: Path) -> int:
    """Make a folder hold just these files; return how many had to change.

    A file that is right already is not touched, so that dbt need not parse it again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    changed = 0
    for path in folder.iterdir():
        if path.is_file() and path.name not in files:
            path.unlink()
            changed += 1
    for name, text in files.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            unfinished = path.with_name(f".{name}.{os.getpid()}")
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(path)
            changed += 1
    return changed


def _properties(models: Mapping[str, str]) -> str:
    """Return the YAML that describes the models by their first comment lines."""
    lines = ["version: 2", "", "models:"]
    for name in sorted(models):
        comments = []
        for line in models[name].splitlines():
            if not line.startswith("-- "):
                break
            comments.append(line.removeprefix("-- "))
        lines += [f"  - name: {name}", "    description: >-", f"      {' '.join(comments)}"]
    return "\n".join(lines) + "\n"
