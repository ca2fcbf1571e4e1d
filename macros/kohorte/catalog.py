"""The catalog: what segments can be written about, read from dbt's own YAML.

A model whose `config.meta.kohorte` names an `entity` is a feature mart: its columns are
attributes. One that names an `activity` is an activity table: its columns can be tested
in `where`. There is no second list to keep.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from kohorte.errors import KohorteError, shown
from kohorte.project import read_vars

#: Names that SQL takes without quotes, so that they need none anywhere.
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
#: Generated columns have this in their name; no attribute may.
RESERVED = "__"
#: The seed that holds the manual lists, and its column with the list's name.
LISTS_SEED = ("manual_lists.csv", "list")


class Type(StrEnum):
    """What can be tested how."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    LIST = "list"
    PLACE = "place"


#: How specs call a trait, and what its text may be read as.
TRAIT = "trait."
TRAIT_TYPES = (Type.TEXT, Type.NUMBER, Type.BOOLEAN, Type.DATE)
_MAP = r"map *[(<] *(varchar|string|text) *, *(varchar|string|text) *[)>]"
_SQL_TYPES: tuple[tuple[str, Type], ...] = (
    (r".*\[\]|array<.*>", Type.LIST),
    (r"(varchar|text|string|char)\b.*", Type.TEXT),
    (r"(tinyint|smallint|integer|int|bigint|hugeint|float|double|real)\b.*", Type.NUMBER),
    (r"(decimal|numeric)\b.*", Type.NUMBER),
    (r"(boolean|bool)", Type.BOOLEAN),
    (r"date", Type.DATE),
    (r"(timestamp|datetime)\b.*", Type.TIMESTAMP),
)


@dataclass(frozen=True)
class Column:
    """One attribute, or one column of an activity table.

    A place has no column of its own: `parts` names its latitude and longitude. A trait is a
    text in a map: `trait.<key>`, read from the column `map`.
    """

    name: str
    type: Type
    description: str = ""
    unit: str = ""
    values: tuple[str, ...] = ()
    is_nullable: bool = True
    is_personal: bool = False
    parts: tuple[str, str] | None = None
    map: str = ""

    @property
    def key(self) -> str:
        """Return what a trait is called in its map."""
        return self.name.removeprefix(TRAIT)

    @property
    def sql_name(self) -> str:
        """Return what it is called in compiled SQL."""
        return self.name.replace(".", RESERVED)


@dataclass(frozen=True)
class Entity:
    """Something segments are made of: customers, or visitors."""

    name: str
    model: str
    key: str
    attributes: Mapping[str, Column]


@dataclass(frozen=True)
class Activity:
    """A table of things that somebody did, each at an instant."""

    name: str
    model: str
    entity: str
    key: str
    time: str
    type: str | None
    columns: Mapping[str, Column]
    description: str = ""

    @property
    def types(self) -> tuple[str, ...]:
        """The allowed values of the type column; none means any."""
        return self.columns[self.type].values if self.type else ()


@dataclass(frozen=True)
class Catalog:
    """Everything that a spec may name."""

    entities: Mapping[str, Entity] = field(default_factory=dict)
    activities: Mapping[str, Activity] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()
    #: Columns that may be sent of a customer, with the model that each is read from.
    fields: Mapping[str, str] = field(default_factory=dict)
    #: So many days stays that ended are kept; None means for good.
    history_days: int | None = None

    def activities_of(self, entity: str) -> dict[str, Activity]:
        """Return the activities of one entity by name."""
        return {a.name: a for a in self.activities.values() if a.entity == entity}


def read_catalog(root: Path) -> Catalog:
    """Read the catalog of the dbt project in a folder.

    Raises KohorteError, naming file and column, when the YAML declares something that
    cannot be used.
    """
    entities: dict[str, Entity] = {}
    activities: dict[str, Activity] = {}
    fields: dict[str, str] = {}
    for path, model in read_models(root, "kohorte:"):
        meta = _meta(model)
        shown_as = f"{path.relative_to(root)}, model {model['name']}"
        if not meta:
            continue
        columns = _columns(model, meta, shown_as)
        if "fields_of" in meta:
            _need(meta, ("fields_of",), columns, shown_as)
            fields |= dict.fromkeys(columns, model["name"])
        elif "activity" in meta:
            activity = _activity(model, meta, columns, shown_as)
            _put(activities, activity.name, activity, shown_as)
        elif "entity" in meta:
            _need(meta, ("entity", "key"), columns, shown_as)
            _check_name("entity", meta["entity"], shown_as)
            entity = Entity(meta["entity"], model["name"], meta["key"], columns)
            _put(entities, entity.name, entity, shown_as)
    customers = entities.get("customer")
    if customers:
        own = [
            name
            for name, column in customers.attributes.items()
            if not column.parts and not column.map
        ]
        fields |= dict.fromkeys(own, customers.model)
    lists = _lists(root / "seeds")
    return Catalog(entities, activities, lists, fields, _history_days(root))


def _history_days(root: Path) -> int | None:
    """Return how long the project keeps stays that ended, in days; None means for good."""
    path = root / "dbt_project.yml"
    if not path.exists():
        return None
    days = read_vars(path).get("segment_history_days")
    if days is None or (isinstance(days, int) and not isinstance(days, bool) and days >= 1):
        return days
    message = f"dbt_project.yml: var segment_history_days: `{shown(days)}` is no number of days"
    raise KohorteError(f"{message}; write null, or a whole number from 1")


def read_models(root: Path, mentioning: str = "") -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield each model description of a project, with its file.

    Files that do not mention a text are passed by. Raises KohorteError when a file is not
    YAML, or models or columns have another shape.
    """
    folder = root / "models"
    for path in sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")]):
        text = path.read_text(encoding="utf-8")
        if mentioning not in text:
            continue
        try:
            document = yaml.load(text, Loader=yaml.CSafeLoader)
        except yaml.YAMLError as error:
            raise KohorteError(f"{path.relative_to(root)}: not YAML: {error}") from None
        models = document.get("models") if isinstance(document, dict) else document
        where = str(path.relative_to(root))
        for model in _mappings(models, where, "models"):
            _mappings(model.get("columns"), f"{where}, model {model['name']}", "columns")
            yield path, model


def _mappings(items: Any, where: str, what: str) -> list[dict[str, Any]]:
    """Return a list of described things; refuse what is of another shape."""
    found = items or []
    if not isinstance(found, list) or not all(
        isinstance(item, dict) and isinstance(item.get("name"), str) for item in found
    ):
        raise KohorteError(f"{where}: `{what}` is not a list of mappings with a name")
    return found


def _meta(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config.meta.kohorte` of a model or column, or an empty mapping."""
    own = ((node.get("config") or {}).get("meta") or {}).get("kohorte") or {}
    return own if isinstance(own, dict) else {"entity": own}


def _put(names: dict[str, Any], name: str, value: object, shown_as: str) -> None:
    if name in names:
        raise KohorteError(f"{shown_as}: `{name}` is declared by another model already")
    names[name] = value


def _need(
    meta: Mapping[str, Any], keys: tuple[str, ...], columns: Mapping[str, Column], where: str
) -> None:
    """Check that the declaration is whole and names columns that are described."""
    for key in keys:
        if not isinstance(meta.get(key), str):
            raise KohorteError(f"{where}: config.meta.kohorte lacks `{key}`")
        if key in ("key", "time", "type") and meta[key] not in columns:
            raise KohorteError(f"{where}: `{key}: {meta[key]}` is not a described column")


def _check_name(what: str, name: object, where: str) -> None:
    """Refuse a name that SQL, a path or the language would read something into."""
    if not isinstance(name, str) or not NAME.fullmatch(name) or RESERVED in name:
        message = f"{where}: {what} `{shown(name)}` needs another name"
        raise KohorteError(f"{message}: lower-case letters, digits, single underscores")


def _activity(
    model: Mapping[str, Any], meta: Mapping[str, Any], columns: dict[str, Column], where: str
) -> Activity:
    keys = ("activity", "entity", "key", "time")
    _need(meta, (*keys, "type") if "type" in meta else keys, columns, where)
    _check_name("activity", meta["activity"], where)
    return Activity(
        name=meta["activity"],
        model=model["name"],
        entity=meta["entity"],
        key=meta["key"],
        time=meta["time"],
        type=meta.get("type"),
        columns=columns,
        description=_plain(_prose(model.get("description"))),
    )


def _columns(model: Mapping[str, Any], meta: Mapping[str, Any], where: str) -> dict[str, Column]:
    """Return the usable columns of a model, and its places, by name."""
    columns: dict[str, Column] = {}
    for described in model.get("columns") or []:
        column = _column(described, where)
        if column:
            columns[column.name] = column
        columns |= {trait.name: trait for trait in _traits(described, where)}
    places = meta.get("places") or {}
    if not isinstance(places, dict):
        raise KohorteError(f"{where}: `places` is not a mapping of a name to two columns")
    for name, parts in places.items():
        _check_name("place", name, where)
        if name in columns:
            raise KohorteError(f"{where}: `{name}` is a place and a column")
        if len(parts) != 2 or not all(part in columns for part in parts):
            raise KohorteError(f"{where}: place `{name}` needs two described columns")
        columns[name] = Column(name, Type.PLACE, parts=(parts[0], parts[1]))
    return columns


def _column(described: Mapping[str, Any], where: str) -> Column | None:
    """Return one column; nothing if its type cannot be tested (a map, a struct)."""
    name = described["name"]
    if not NAME.fullmatch(name) or RESERVED in name:
        raise KohorteError(f"{where}: column `{name}` needs another name")
    if "data_type" not in described:
        raise KohorteError(f"{where}: column `{name}` has no data_type")
    sql_type = str(described["data_type"]).strip().lower()
    found = next((t for pattern, t in _SQL_TYPES if re.fullmatch(pattern, sql_type)), None)
    if found is None:
        return None
    meta = (described.get("config") or {}).get("meta") or {}
    return Column(
        name=name,
        type=found,
        description=_plain(described.get("description")),
        unit=_meta(described).get("unit", ""),
        values=_accepted_values(described),
        is_nullable=not _has_test(described, "not_null"),
        is_personal=bool(meta.get("personal")),
    )


def _traits(described: Mapping[str, Any], where: str) -> Iterator[Column]:
    """Yield the traits that a column with a map is said to hold."""
    declared = _meta(described).get("traits")
    if declared is None:
        return
    if not re.fullmatch(_MAP, str(described.get("data_type", "")).strip().lower()):
        message = f"{where}: column `{described['name']}` has traits, and is no map of texts"
        raise KohorteError(f"{message}: data_type: map(varchar, varchar)")
    for trait in _mappings(declared, where, "traits"):
        _check_name("trait", trait["name"], where)
        kind = trait.get("type", "text")
        if kind not in TRAIT_TYPES:
            message = f"{where}: trait `{trait['name']}` is of the unknown type `{shown(kind)}`"
            raise KohorteError(f"{message}; write one of {', '.join(TRAIT_TYPES)}")
        meta = (described.get("config") or {}).get("meta") or {}
        yield Column(
            name=TRAIT + trait["name"],
            type=Type(kind),
            description=_plain(trait.get("description")),
            is_personal=bool(meta.get("personal")),
            map=described["name"],
        )


def _prose(description: object) -> str:
    """Return a description without its indented lines: they are an example query."""
    lines = str(description or "").splitlines()
    return "\n".join(line for line in lines if not line.startswith("    "))


def _plain(description: object) -> str:
    """Return a description as one line."""
    return " ".join(str(description or "").split())


def _tests(described: Mapping[str, Any]) -> list[Any]:
    return described.get("data_tests") or described.get("tests") or []


def _has_test(described: Mapping[str, Any], name: str) -> bool:
    return any(
        test == name or (isinstance(test, dict) and name in test) for test in _tests(described)
    ) or any(constraint.get("type") == name for constraint in described.get("constraints") or [])


def _accepted_values(described: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the values of an `accepted_values` test.

    Of a test that only warns, too: rows may hold others, but specs may not name them.
    """
    for test in _tests(described):
        if isinstance(test, dict) and "accepted_values" in test:
            declared = test["accepted_values"] or {}
            values = (declared.get("arguments") or declared).get("values") or []
            return tuple(str(value) for value in values)
    return ()


def _lists(seeds: Path) -> frozenset[str]:
    """Return the names of the manual lists."""
    filename, column = LISTS_SEED
    path = seeds / filename
    if not path.exists():
        return frozenset()
    with path.open(encoding="utf-8-sig", newline="") as file:
        return frozenset(row[column] for row in csv.DictReader(file) if row.get(column))
