"""What a part of a spec may name, as JSON Schema; the reader's twin."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from kohorte import shapes
from kohorte.catalog import Activity, Catalog, Column, Entity, Type
from kohorte.predicates.base import ALL_TYPES
from kohorte.predicates.comparison import Between, Comparison
from kohorte.reader import WINDOW_KEYS
from kohorte.shapes import Schema, described

#: A segment, a tier (ladder__tier) or a branch (waterfall__branch).
_SEGMENT = "[a-z][a-z0-9_]*"


@dataclass(frozen=True)
class Vocabulary:
    """The catalog, the table in view, and the schemas that stand under a name.

    `segments` are those that exist now; a spec may name others, which it adds.
    """

    catalog: Catalog
    entity: Entity
    columns: Mapping[str, Column]
    segments: tuple[str, ...]
    definitions: dict[str, Schema]
    #: Returns the schema of a condition.
    conditions: Callable[[Vocabulary], Schema]
    #: The activity whose columns are in view; nothing for the entity's attributes.
    activity: str = ""

    def once(self, name: str, make: Callable[[], Schema]) -> Schema:
        """Return a reference to a schema of the table in view, which may refer to itself."""
        full = self._full(name)
        if full not in self.definitions:
            self.definitions[full] = {}
            self.definitions[full] = make()
        return _reference(full)

    def named(self, name: str, schema: Schema) -> Schema:
        """Return a reference to a schema, which is shared if it is so for several tables."""
        shared = self.definitions.setdefault(name, schema) == schema
        return _reference(name) if shared else self.once(name, lambda: schema)

    def _full(self, name: str) -> str:
        return ".".join(filter(None, (self.entity.name, self.activity, name)))

    def condition(self) -> Schema:
        """Return the schema of a condition, or of a list of them."""
        return self.once("condition", lambda: self.conditions(self))

    # --- values ---------------------------------------------------------------------

    def value(self, column: Column) -> Schema:
        """Return the schema of a value of the column's type."""
        match column.type:
            case Type.NUMBER:
                return shapes.number()
            case Type.BOOLEAN:
                return shapes.boolean()
            case Type.DATE:
                return shapes.day()
        return shapes.one_of(column.values) if column.values else shapes.text()

    def number_tests(self) -> Schema:
        """Return the schema of tests of a computed number."""
        tests = shapes.fields(self.number_operators())
        return self.named("number_tests", shapes.either(shapes.number(), tests))

    def number_operators(self) -> dict[str, Schema]:
        """Return the tests of a computed number by operator."""
        column = Column("number", Type.NUMBER)
        operators = {
            "eq": described(shapes.number(), "Exactly this."),
            **{name: Comparison.against(name, shapes.number()) for name in Comparison.operators},
            **{name: Between.schema(name, column, self) for name in Between.operators},
        }
        return {name: self.named(f"number_{name}", shape) for name, shape in operators.items()}

    def window(self, key: str) -> Schema:
        """Return the schema of the value of one of the window keys."""
        return self.named(f"window_{key}", shapes.window(key))

    def one_window(self) -> Schema:
        """Return the rule of one window, or `after` and `before` together."""
        single = [key for key in WINDOW_KEYS if key not in ("before", "after")]
        rule = {"allOf": [shapes.alone(key, WINDOW_KEYS) for key in single]}
        return self.named("one_window", rule)

    # --- names ----------------------------------------------------------------------

    def column_names(self, types: Collection[Type] = ALL_TYPES) -> Schema:
        """Return the schema of the name of a column of some types."""
        names = [name for name, column in self.columns.items() if column.type in types]
        kind = "column" if types is ALL_TYPES else "_or_".join(sorted(types))
        return self.named(f"any_{kind}", shapes.one_of(names))

    def activities(self) -> dict[str, Activity]:
        """Return the activities of the entity by name."""
        return self.catalog.activities_of(self.entity.name)

    def occurrence(self) -> Schema:
        """Return the schema of `activity[.type]`."""
        known: list[Schema] = []
        for name, activity in sorted(self.activities().items()):
            known.append(described({"const": name}, activity.description))
            known += [{"const": f"{name}.{type_}"} for type_ in activity.types]
            if activity.type and not activity.types:
                known.append(shapes.pattern(rf"{re.escape(name)}\..+"))
        return self.named("activity", shapes.either(*known) if known else shapes.one_of(()))

    def segment(self) -> Schema:
        """Return the schema of the name of a segment, tier or branch."""
        names = shapes.one_like(self.segments, shapes.pattern(_SEGMENT))
        return self.named("any_segment", names)

    def list_name(self) -> Schema:
        """Return the schema of the name of a manual list."""
        return self.named("any_list", shapes.one_of(sorted(self.catalog.lists)))

    def segment_or_list(self) -> Schema:
        """Return the schema of the name of a segment, tier or branch, or of a list."""
        names = [*self.segments, *sorted(self.catalog.lists)]
        return self.named("any_segment_or_list", shapes.one_like(names, shapes.text()))

    # --- options --------------------------------------------------------------------

    def option(self, name: str, column: Column) -> Schema | None:
        """Return the schema of an option of a test; nothing where it does not fit."""
        match name:
            case "ignore_case" if column.type is Type.TEXT:
                return described(shapes.boolean(), "Whether A and a are the same.")
            case "per" if not self.activity:
                return described(self.column_names(), "Rank inside each group of equal values.")
        return None

    def within_activity(self, name: str) -> Vocabulary:
        """Return the vocabulary that has the columns of an activity in view."""
        return replace(self, columns=self.catalog.activities[name].columns, activity=name)


def _reference(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def meaning(column: Column) -> str:
    """Return what a column means, its unit, and whether it is personal."""
    parts = [
        column.description,
        f"Unit: {column.unit}." if column.unit else "",
        "Personal data." if column.is_personal else "",
    ]
    return " ".join(filter(None, parts)) or f"A {column.type}."
