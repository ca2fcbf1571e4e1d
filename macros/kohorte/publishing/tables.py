"""Which tables are published, and which of their columns are personal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kohorte.catalog import NAME, read_models
from kohorte.errors import KohorteError, shown
from kohorte.project import GENERATED_FOLDER

MARTS_FOLDER = Path("models/marts")
CLOCK = "int_clock"
#: What compiled segments read besides the marts, and what they were compiled to.
_READ_BY_SEGMENTS = frozenset({CLOCK, "int_list_members", "int_segment_definitions"})
#: Models with this in front are steps on the way, and of no use to BI.
_STEP = "int_"


@dataclass(frozen=True)
class Table:
    """A table to publish: `columns` are those that say nothing of who somebody is.

    `is_open`: it is for BI, too, with these columns alone.
    """

    name: str
    columns: frozenset[str]
    personal: frozenset[str]
    is_open: bool


def read_tables(root: Path) -> tuple[Table, ...]:
    """Return the tables of a project, by name: the marts, and what segments read.

    Raises KohorteError when a description cannot be read.
    """
    return tuple(sorted(_tables(root), key=lambda table: table.name))


def _tables(root: Path) -> Iterator[Table]:
    for path, model in read_models(root):
        name = model["name"]
        is_generated = root / GENERATED_FOLDER in path.parents
        is_mart = root / MARTS_FOLDER in path.parents and not is_generated
        is_read = "kohorte" in _meta(model) or name in _READ_BY_SEGMENTS
        if not is_mart and not is_read:
            continue
        if not NAME.fullmatch(name):
            where = path.relative_to(root)
            raise KohorteError(f"{where}: model `{shown(name)}` needs another name")
        columns = {column["name"]: column for column in model.get("columns") or []}
        personal = frozenset(name for name, each in columns.items() if _meta(each).get("personal"))
        is_open = name == CLOCK or (is_mart and not name.startswith(_STEP))
        yield Table(
            name,
            frozenset(columns) - personal,
            personal,
            is_open and not _meta(model).get("personal"),
        )


def _meta(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config.meta` of a model or column, or an empty mapping."""
    meta = (node.get("config") or {}).get("meta") or {}
    return meta if isinstance(meta, dict) else {}
