"""Begin a source system: the models that stage its raw files and bring them into shape.

What is written is a beginning that builds: every raw column is staged under a plain name,
and every canonical column is there, `null` until somebody says where it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import jinja2

from kohorte.catalog import NAME, RESERVED
from kohorte.errors import KohorteError, shown
from kohorte.project import read_project
from kohorte.publishing.copies import literal

STAGING, MAPPING = Path("models/staging"), Path("models/intermediate")
#: How DuckDB reads each kind of file, by the end of its name.
_READERS = {
    ".parquet": "read_parquet({})",
    ".csv": "read_csv({}, header = true, all_varchar = true)",
    ".csv.gz": "read_csv({}, header = true, all_varchar = true)",
}
#: Names of files that hold a canonical table under another name.
_ALIASES = {
    "accounts": "customers", "users": "customers", "items": "order_lines",
    "order_items": "order_lines", "lines": "order_lines", "articles": "products",
    "web_events": "events", "clicks": "events", "loyalty_ledger": "points",
    "consent_log": "consents", "survey_answers": "answers",
}  # fmt: skip
#: The key of each canonical table: a raw column `id` is taken for it.
_KEYS = {
    "customers": "account_id", "orders": "order_id", "products": "product_id",
    "events": "event_id", "points": "entry_id", "messages": "message_id",
    "consents": "consent_id", "answers": "answer_id", "referrals": "referral_id",
}  # fmt: skip
#: What a file's or a column's name may hold: it stands in SQL, YAML and Jinja.
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,100}")
_COLUMN = re.compile(r"[^'\"`{}%#\\\n\r\t\0]{1,100}")


@dataclass(frozen=True)
class RawColumn:
    """A raw column: as it is called, what it is staged as, and whether it is text."""

    raw: str
    name: str
    is_text: bool


@dataclass(frozen=True)
class RawTable:
    """A raw file: its name, what its table is called, and its columns."""

    file: str
    name: str
    columns: tuple[RawColumn, ...]

    @property
    def canonical(self) -> str:
        """Return the canonical table that it is taken for by its name, if it is one."""
        return _ALIASES.get(self.name, self.name)


@dataclass(frozen=True)
class NewSystem:
    """What was written, which canonical tables it has, and what could not be placed."""

    files: tuple[Path, ...]
    tables: tuple[str, ...]
    unplaced: tuple[str, ...]


def new_system(root: Path, name: str, raw: Path) -> NewSystem:
    """Write the models of a source system for the CSV and Parquet files in a folder.

    Raises KohorteError, and writes nothing, when there is such a system already, or a name
    cannot stand in SQL.
    """
    if not NAME.fullmatch(name) or RESERVED in name:
        message = f"`{shown(name)}` cannot be a system's name"
        raise KohorteError(f"{message}: lower-case letters, digits, single underscores")
    known = read_project(root).vars.get("tables") or {}
    if name in known or (root / STAGING / name).exists() or (root / MAPPING / name).exists():
        raise KohorteError(f"there is a source system `{name}` already; name another")
    tables = _raw_tables(raw)
    shapes = canonical_shapes(root)
    placed = {table.canonical: table for table in tables if table.canonical in shapes}
    texts = {STAGING / name / f"_{name}__sources.yml": _sources(name, tables)}
    for table in tables:
        model = STAGING / name / f"stg_{name}__{table.name}"
        texts[model.with_suffix(".sql")] = _staging(name, table)
        texts[model.with_suffix(".yml")] = _described(
            model.name, f"One row per row of {table.file}."
        )
    for canonical, table in placed.items():
        model = MAPPING / name / f"int_{name}__{canonical}"
        texts[model.with_suffix(".sql")] = _mapping(name, canonical, table, shapes[canonical])
        texts[model.with_suffix(".yml")] = _described(
            model.name, f"One row per row of {table.file}, in the shape of {canonical}."
        )
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    unplaced = tuple(table.name for table in tables if table.canonical not in shapes)
    return NewSystem(tuple(texts), tuple(name for name in shapes if name in placed), unplaced)


def canonical_shapes(root: Path) -> dict[str, dict[str, str]]:
    """Return the columns of each canonical table with their types, as the macro has them."""
    folder = root / "macros"
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    found: list[object] = []
    environment.globals["return"] = found.append
    text = (folder / "canonical_columns.sql").read_text(encoding="utf-8")
    macro = environment.from_string(text).module.canonical_columns  # type: ignore[attr-defined]
    names = re.findall(r"^        \"(\w+)\": \{", text, re.MULTILINE)
    shapes: dict[str, dict[str, str]] = {}
    for name in names:
        macro(name)
        columns = found.pop()
        assert isinstance(columns, dict)
        shapes[name] = columns
    return shapes


def _raw_tables(folder: Path) -> list[RawTable]:
    """Return the raw files of a folder, with their columns."""
    if not folder.is_dir():
        raise KohorteError(f"{folder}: there is no such folder with raw files")
    tables: dict[str, RawTable] = {}
    for path in sorted(folder.iterdir()):
        ending = next((end for end in _READERS if path.name.lower().endswith(end)), None)
        if ending is None or not path.is_file():
            continue
        if not _FILE.fullmatch(path.name):
            message = f"{folder}: the file name `{shown(path.name)}` cannot stand in SQL"
            raise KohorteError(f"{message}; rename it: letters, digits, underscores")
        name = _plain(path.name[: -len(ending)])
        if name in tables:
            other = tables[name].file
            raise KohorteError(
                f"{folder}: {other} and {path.name} would both be `{name}`; rename one"
            )
        tables[name] = RawTable(path.name, name, tuple(_columns(path, ending)))
    if not tables:
        raise KohorteError(f"{folder}: there is no .csv or .parquet file")
    return list(tables.values())


def _columns(path: Path, ending: str) -> Iterator[RawColumn]:
    """Yield the columns of a raw file."""
    reader = _READERS[ending].format(literal(path))
    try:
        with duckdb.connect() as connection:
            found = connection.execute(f"describe select * from {reader}").fetchall()
    except duckdb.Error:
        raise KohorteError(f"{path}: cannot be read as {ending[1:]}") from None
    seen: set[str] = set()
    for raw, kind, *_ in found:
        if not _COLUMN.fullmatch(raw):
            message = f"{path}: the column name `{shown(raw)}` cannot stand in SQL"
            raise KohorteError(f"{message}; rename it without quotes, braces, % and #")
        name = _plain(raw)
        while name in seen:
            name += "_again"
        seen.add(name)
        yield RawColumn(raw, name, kind == "VARCHAR")


def _plain(text: str) -> str:
    """Return a name in small letters, digits and underscores."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:60] or "column"
    name = re.sub("_+", "_", name)
    return name if name[0].isalpha() else f"c_{name}"


def _sources(system: str, tables: Sequence[RawTable]) -> str:
    lines = [
        "version: 2",
        "",
        "sources:",
        f"  - name: {system}",
        f"    description: The raw files of {system}; say where they come from.",
        "    config:",
        f"      enabled: \"{{{{ '{system}' in var('systems') }}}}\"",
        "    tables:",
    ]
    for table in tables:
        ending = next(end for end in _READERS if table.file.lower().endswith(end))
        location = _READERS[ending].format(f"'{{{{ var('raw')['{system}'] }}}}/{table.file}'")
        lines += [
            f"      - name: {table.name}",
            f"        description: One row per row of {table.file}.",
            "        config:",
            "          meta:",
            "            external_location: >-",
            f"              {location}",
        ]
    return "\n".join([*lines, ""])


def _described(model: str, description: str) -> str:
    return "\n".join(
        ["version: 2", "", "models:", f"  - name: {model}", f"    description: {description}", ""]
    )


def _enabled(system: str) -> str:
    return f'{{{{ config(enabled="{system}" in var("systems")) }}}}'


def _staging(system: str, table: RawTable) -> str:
    """Return a model that gives every raw column a plain name, and trims texts."""
    columns = ",\n".join(f"        {_staged(column)}" for column in table.columns)
    return f"""-- One row per row of {table.file}: rename, cast and trim here, nothing else.
{_enabled(system)}

with source as (
    select * from {{{{ source("{system}", "{table.name}") }}}}
),

renamed as (
    select
{columns}
    from source
)

select * from renamed
"""


def _staged(column: RawColumn) -> str:
    raw = column.raw if column.raw == column.name and not _is_keyword(column.raw) else (
        f'"{column.raw}"'
    )  # fmt: skip
    name = f'"{column.name}"' if _is_keyword(column.name) else column.name
    if column.is_text:
        return f"trim({raw}) as {name}"
    return raw if raw == name else f"{raw} as {name}"


def _mapping(system: str, canonical: str, table: RawTable, shape: Mapping[str, str]) -> str:
    """Return a model with every canonical column, taken from the one of its name or null."""
    own = {column.name for column in table.columns}
    columns = []
    for name, type_ in shape.items():
        if name == "system":
            columns.append(f"'{system}' as system")
        elif name in own:
            columns.append(name)
        elif name == _KEYS.get(canonical) and "id" in own:
            columns.append(f"id as {name}")
        else:
            columns.append(f"cast(null as {type_}) as {name}")
    listed = ",\n".join(f"        {column}" for column in columns)
    return f"""-- One row per row of {table.file}, in the canonical shape.
-- Say where each null comes from; what you do not have stays null. Filter nothing.
{_enabled(system)}

with {canonical} as (
    select * from {{{{ ref("stg_{system}__{table.name}") }}}}
),

int_{system}__{canonical} as (
    select
{listed}
    from {canonical}
)

select * from int_{system}__{canonical}
"""


def _is_keyword(name: str) -> bool:
    """Tell whether DuckDB reads a word as something else than a name."""
    return name in _keywords()


@cache
def _keywords() -> frozenset[str]:
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'"
        ).fetchall()
    return frozenset(word for (word,) in rows)
