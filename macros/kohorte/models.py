"""Write the plan as dbt models: text that reads like a colleague's."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sqlglot import exp

from kohorte.dialects import render, without_jinja
from kohorte.errors import Place
from kohorte.plan import (
    EntityPlan,
    Query,
    conditions_model,
    members_model,
    words_model,
)
from kohorte.segments.segment import Segment
from kohorte.specs import Specs

DEFINITIONS_MODEL = "int_segment_definitions"
_WIDTH = 88
_COMMENT_LINES = 4
_CONFIG = '{{{{ config(materialized="{}") }}}}'


def entity_models(plan: EntityPlan, dialect: str) -> dict[str, str]:
    """Return the text of each model of an entity, by the model's name."""
    entity = plan.entity.name
    models = {
        words_model(entity): _model(
            f"One row per {entity}: who is in which segment, 60 flags to a number.",
            "table", plan.words, dialect, {"conditions": conditions_model(entity)},
        ),
        members_model(entity): _model(
            f"One row per segment and {entity} in it.", "view", plan.members, dialect
        ),
    }  # fmt: skip
    if plan.conditions:
        models[conditions_model(entity)] = _model(
            f"One row per {entity} who meets any condition on activities or lists, with"
            " 60 flags to a number.",
            "table", plan.conditions, dialect,
        )  # fmt: skip
    return models


def definitions_model(specs: Specs, dialect: str) -> str:
    """Return the text of the model that lists the segments' definitions."""
    selects = tuple(_definition(segment, specs) for segment in specs.segments)
    if not selects:
        nothing = Segment("", Place(""), entity="")
        selects = (_definition(nothing, Specs((), {"": ""})).where(exp.false()),)
    query = Query(DEFINITIONS_MODEL, selects)
    return _model("One row per segment that is declared.", "view", (query,), dialect)


def _definition(segment: Segment, specs: Specs) -> exp.Select:
    """Return one segment's row."""
    expect = segment.expect
    values: dict[str, exp.Expr] = {
        "segment": exp.Literal.string(segment.name),
        "label": exp.Literal.string(segment.label),
        "description": exp.Literal.string(segment.description),
        "kind": exp.Literal.string(segment.kind),
        "entity": exp.Literal.string(segment.entity),
        "owner": exp.Literal.string(segment.owner),
        "definition": exp.Literal.string(segment.words()),
        "definition_hash": exp.Literal.string(specs.hashes[segment.name]),
        "declared_in": exp.Literal.string(segment.place.path),
        "tags": _texts(segment.tags),
        "uses": _texts(segment.uses()),
        "expected_min_members": _number(expect.min_members, "bigint"),
        "expected_max_members": _number(expect.max_members, "bigint"),
        "expected_max_change": _number(expect.max_change, "double"),
    }
    return exp.select(*(exp.alias_(value, name) for name, value in values.items()))


def _texts(values: Iterable[str]) -> exp.Expr:
    array = exp.Array(expressions=[exp.Literal.string(value) for value in values])
    return exp.cast(array, exp.DataType.build("array<text>"))


def _number(value: object, sql_type: str) -> exp.Expr:
    number = exp.Null() if value is None else exp.Literal.number(str(value))
    return exp.cast(number, sql_type)


def _model(
    grain: str,
    materialized: str,
    queries: tuple[Query, ...],
    dialect: str,
    aliases: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return a model: what a row is, the imports, the CTEs, and the last of them.

    `aliases` names the model behind an import that bears a shorter name.
    """
    names = {query.name for query in queries}
    tables = {
        table.name
        for query in queries
        for select in query.selects
        for table in select.find_all(exp.Table)
    }
    imports = [_import(name, aliases.get(name, name)) for name in sorted(tables - names)]
    ctes = [*imports, *(_cte(query, dialect) for query in queries)]
    body = ",\n\n".join(ctes)
    config = _CONFIG.format(materialized)
    return f"{comment(grain)}\n{config}\n\nwith\n\n{body}\n\nselect * from {queries[-1].name}\n"


def _import(name: str, model: str) -> str:
    return f'{name} as (\n    select * from {{{{ ref("{model}") }}}}\n)'


def _cte(query: Query, dialect: str) -> str:
    selects = [render(without_jinja(select), dialect) for select in query.selects]
    body = textwrap.indent("\n\nunion all\n\n".join(selects), "    ", _is_line)
    note = comment(query.comment) + "\n" if query.comment else ""
    return f"{note}{query.name} as (\n{body}\n)"


def _is_line(line: str) -> bool:
    return bool(line.strip())


def comment(text: str) -> str:
    """Return a text as SQL comment lines that neither SQL nor Jinja reads anything into."""
    harmless = "".join(
        character if character.isprintable() else " " for character in text
    ).translate(str.maketrans("{}", "()"))
    lines = textwrap.wrap(harmless, _WIDTH - 3, max_lines=_COMMENT_LINES, placeholder=" …")
    return "\n".join(f"-- {line}" for line in lines)
