"""Write the plan as dbt models: text that reads like a colleague's."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sqlglot import exp

from kohorte.dialects import render, without_jinja
from kohorte.lookup import WORD_BITS, Query
from kohorte.moving import (
    CLOCK_BEFORE,
    MOMENTS,
    MOVED,
    WHOLE_PREFIX,
    fingerprint,
    moments_before,
)
from kohorte.plan import (
    FLAG_PREFIX,
    LIST_PREFIX,
    EntityPlan,
    conditions_model,
    members_model,
    through,
    words_model,
)
from kohorte.segments.segment import Segment
from kohorte.specs import SetAside, Specs
from kohorte.uses import uses_of

DEFINITIONS_MODEL = "int_segment_definitions"
UNREAD_FILES_MODEL = "int_segment_unread_files"
TEXTS = "array<text>"
_DEFINITION_COLUMNS = {
    "segment": "text",
    "label": "text",
    "description": "text",
    "kind": "text",
    "entity": "text",
    "owner": "text",
    "definition": "text",
    "definition_hash": "text",
    "declared_in": "text",
    "state": "text",
    "reason": "text",
    "was": "text",
    "through": "text",
    "split_seed": "text",
    "tags": TEXTS,
    "uses": TEXTS,
    "lists": TEXTS,
    "word": "int",
    "list_word": "int",
    "bit": "bigint",
    "list_bit": "bigint",
    "expected_min_members": "bigint",
    "expected_max_members": "bigint",
    "expected_max_change": "double",
}
_UNREAD_COLUMNS = {"declared_in": "text", "reason": "text"}
_WIDTH = 88
_COMMENT_LINES = 4
_CONFIG = '{{{{ config(materialized="{}") }}}}'
_CONDITIONS = (
    "One row per {} who meets any condition on activities or lists, with 60 flags to a number."
)
_BETWEEN = ",\n\n"
_UNION, _UNION_ALL = "\n\n    union\n\n", "\n\n    union all\n\n"
CLOCK, COUNTS_MODEL = "int_clock", "int_customer_row_counts"
#: The table of the evaluation before, as the model names it.
BEFORE = "answers_before"
_IN_UPDATE = "\n    {{% if before %}}{}\n    {{% endif %}}"
_MOVED = """
    {{% if before %}}
    where {key} in (select moved.{key} from moved)
    {{% endif %}}"""
_ARRIVED = """    select row_counts.{key}
    from row_counts
    left join row_counts_before
        on row_counts.{key} = row_counts_before.{key}
    where
        row_counts_before.{key} is null
        or row_counts.count_rows <> row_counts_before.count_rows"""
_REFRESHED = '\n    {{{{ union_refreshed("{key}") }}}}'
_UPDATABLE = """{comment}
{config}
{{% set row_counts = ref("{counts}") %}}
{{% set before = answers_before("{hash}") %}}

with

{{% if before %}}
answers_before as (
    select * from {{{{ before }}}}
),

{clock_before} as (
    select
        max(evaluated_at) as as_of,
        max({{{{ local_timestamp("evaluated_at") }}}}) as local_as_of
    from answers_before
),

row_counts as (
    select * from {{{{ row_counts }}}}
),

row_counts_before as (
    select * from {{{{ segment_state("row_counts") }}}}
),

{{% endif %}}
{first},

{{% if before %}}
{update},

{{% endif %}}
{body}

select
    {name}.*,
    '{hash}' as evaluated_by,
    {clock}.as_of as evaluated_at
from {name}
cross join {clock}
"""


def entity_models(plan: EntityPlan, dialect: str) -> dict[str, str]:
    """Return the text of each model of an entity, by the model's name."""
    entity = plan.entity.name
    models = packed_models(plan, dialect)
    if plan.moving.asked:
        models[conditions_model(entity)] = updatable_conditions(plan, dialect)
    return {
        **models,
        members_model(entity): model_text(
            f"One row per segment and {entity} in it.", "view", plan.members, dialect
        ),
    }


def packed_models(plan: EntityPlan, dialect: str) -> dict[str, str]:
    """Return the text of the models with the packed answers alone."""
    entity = plan.entity.name
    models = {
        words_model(entity): model_text(
            f"One row per {entity}: who is in which segment, 60 flags to a number.",
            "table", plan.words, dialect, {"conditions": conditions_model(entity)},
        )
    }  # fmt: skip
    if plan.conditions:
        models[conditions_model(entity)] = model_text(
            _CONDITIONS.format(entity), "table", plan.conditions, dialect, plan.moving.aliases()
        )
    return models


def updatable_conditions(plan: EntityPlan, dialect: str) -> str:
    """Return the model of packed conditions, which in an update keeps what cannot have changed.

    Between `if before` and `endif` stands what only an update does; without it, everybody's
    conditions are evaluated.
    """
    key, moving, queries = plan.entity.key, plan.moving, list(plan.conditions)
    tables, aliases = imports_of(queries) - {CLOCK}, moving.aliases()
    edged = {f"{WHOLE_PREFIX}{edge.model}" for edge in moving.edges}
    whole = tables & aliases.keys()
    first = [_import(CLOCK, CLOCK), *(_import(name, aliases[name]) for name in sorted(whole))]
    update = [_import(name, aliases[name]) for name in sorted(edged - whole)]
    if queries[0].name == MOMENTS:
        moments = queries.pop(0)
        first.append(_cte(moments, dialect))
        update.append(_cte(moments_before(moments), dialect))
    passed = [_select(select, dialect) for select in moving.passed(key)]
    arrived = _UNION.join([_ARRIVED.format(key=key), *passed]) + _REFRESHED.format(key=key)
    update.append(f"{MOVED} as (\n{arrived}\n)")
    only_moved = _MOVED.format(key=key)
    then = [
        _import(name, name, only_moved if name in moving.models else "")
        for name in sorted(tables - whole)
    ]
    *ctes, met, packed = (_cte(query, dialect) for query in queries)
    # The answers that are kept stand beside those that are found, before both are packed.
    kept = (_UNION_ALL + _select(select, dialect) for select in moving.kept(key, BEFORE))
    met = met.removesuffix("\n)") + _IN_UPDATE.format("".join(kept)) + "\n)"
    texts = {"first": _BETWEEN.join(first), "body": _BETWEEN.join([*then, *ctes, met, packed])}
    return _UPDATABLE.format(
        comment=comment(_CONDITIONS.format(plan.entity.name)), config=_CONFIG.format("table"),
        counts=COUNTS_MODEL, clock=CLOCK, clock_before=CLOCK_BEFORE, name=queries[-1].name,
        hash=fingerprint(texts["first"] + texts["body"]), update=_BETWEEN.join(update), **texts,
    )  # fmt: skip


def definitions_model(specs: Specs, plans: Iterable[EntityPlan], dialect: str) -> str:
    """Return the text of the model that lists the segments' definitions.

    A segment that is set aside has a row as well: its state is stale.
    """
    places = {place: at for plan in plans for place, at in plan.places.items()}
    lists = _lists(specs)
    rows = [_defined(segment, specs, places, lists) for segment in specs.segments]
    rows += [_set_aside(aside) for aside in specs.set_aside if aside.name]
    selects = tuple(map(_definition, rows)) or (_definition({}).where(exp.false()),)
    query = Query(DEFINITIONS_MODEL, selects)
    return model_text("One row per segment that is declared.", "table", (query,), dialect)


def unread_files_model(specs: Specs, dialect: str) -> str:
    """Return the text of the model that lists the spec files that could not be read."""
    rows = [
        {"declared_in": aside.path, "reason": aside.reason}
        for aside in specs.set_aside
        if not aside.name
    ]
    selects = tuple(row_of(row, _UNREAD_COLUMNS) for row in rows)
    selects = selects or (row_of({}, _UNREAD_COLUMNS).where(exp.false()),)
    query = Query(UNREAD_FILES_MODEL, selects)
    return model_text(
        "One row per mistake in a spec file outside of a segment.", "view", (query,), dialect
    )


def _lists(specs: Specs) -> dict[str, frozenset[str]]:
    """Return the manual lists that decide on each segment, also through others."""
    lists: dict[str, frozenset[str]] = {}
    for segment in specs.segments:
        through = (lists[name] for name in segment.uses())
        lists[segment.name] = uses_of(segment).lists.union(*through)
    return lists


def _defined(
    segment: Segment,
    specs: Specs,
    places: Mapping[str, int],
    lists: Mapping[str, frozenset[str]],
) -> dict[str, object]:
    """Return what is told of a segment that is evaluated."""
    expect = segment.expect
    word, bit = divmod(places[FLAG_PREFIX + segment.name], WORD_BITS)
    list_word, list_bit = divmod(places.get(LIST_PREFIX + segment.name, -1), WORD_BITS)
    has_list_flag = list_word >= 0
    return {
        "segment": segment.name,
        "label": segment.label,
        "description": segment.description,
        "kind": str(segment.kind),
        "entity": segment.entity,
        "owner": segment.owner,
        "definition": segment.words(),
        "definition_hash": specs.hashes[segment.name],
        "declared_in": segment.place.path,
        "state": "fresh",
        "was": segment.was,
        "through": None if has_list_flag else through(segment),
        "split_seed": segment.split.seed if segment.split else None,
        "tags": segment.tags,
        "uses": segment.uses(),
        "lists": sorted(lists[segment.name]),
        "word": word,
        "list_word": list_word if has_list_flag else None,
        "bit": 1 << bit,
        "list_bit": 1 << list_bit if has_list_flag else None,
        "expected_min_members": expect.min_members,
        "expected_max_members": expect.max_members,
        "expected_max_change": expect.max_change,
    }


def _set_aside(aside: SetAside) -> dict[str, object]:
    """Return what is told of a segment that cannot be evaluated."""
    return {
        "segment": aside.name,
        "label": aside.name,
        "declared_in": aside.path,
        "state": "stale",
        "reason": aside.reason,
        "was": aside.was,
    }


def _definition(row: Mapping[str, object]) -> exp.Select:
    return row_of(row, _DEFINITION_COLUMNS)


def row_of(row: Mapping[str, object], columns: Mapping[str, str]) -> exp.Select:
    """Return a select of one row; what it lacks is null, or an empty list."""
    values = {name: _value(row.get(name), sql_type) for name, sql_type in columns.items()}
    return exp.select(*(exp.alias_(value, name, copy=False) for name, value in values.items()))


def _value(value: object, sql_type: str) -> exp.Expr:
    """Return a value of a type; a text needs no cast."""
    if sql_type == TEXTS:
        texts = value if isinstance(value, Iterable) else ()
        array = exp.Array(expressions=[exp.Literal.string(str(text)) for text in texts])
        return exp.cast(array, exp.DataType.build(TEXTS), copy=False)
    if isinstance(value, str):
        return exp.Literal.string(value)
    number = exp.Null() if value is None else exp.Literal.number(str(value))
    return exp.cast(number, sql_type, copy=False)


def model_text(
    grain: str,
    materialized: str,
    queries: tuple[Query, ...],
    dialect: str,
    aliases: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return a model: what a row is, the imports, the CTEs, and the last of them.

    `aliases` names the model behind an import that bears a shorter name.
    """
    imports = [_import(name, aliases.get(name, name)) for name in sorted(imports_of(queries))]
    ctes = [*imports, *(_cte(query, dialect) for query in queries)]
    body = _BETWEEN.join(ctes)
    config = _CONFIG.format(materialized)
    return f"{comment(grain)}\n{config}\n\nwith\n\n{body}\n\nselect * from {queries[-1].name}\n"


def imports_of(queries: Iterable[Query]) -> set[str]:
    """Return the tables that queries read and that are none of them."""
    queries = tuple(queries)
    tables = {
        table.name
        for query in queries
        for select in query.selects
        for table in select.find_all(exp.Table)
    }
    return tables - {query.name for query in queries}


def _import(name: str, model: str, where: str = "") -> str:
    return f'{name} as (\n    select * from {{{{ ref("{model}") }}}}{where}\n)'


def _select(select: exp.Select, dialect: str) -> str:
    return render(without_jinja(select), dialect, "    ")


def _cte(query: Query, dialect: str) -> str:
    body = _UNION_ALL.join(_select(select, dialect) for select in query.selects)
    note = "".join(f"{comment(text)}\n" for text in query.comments)
    return f"{note}{query.name} as (\n{body}\n)"


def comment(text: str) -> str:
    """Return a text as SQL comment lines that neither SQL nor Jinja reads anything into."""
    harmless = "".join(
        character if character.isprintable() else " " for character in text
    ).translate(str.maketrans("{}", "()"))
    lines = textwrap.wrap(harmless, _WIDTH - 3, max_lines=_COMMENT_LINES, placeholder=" …")
    return "\n".join(f"-- {line}" for line in lines)
