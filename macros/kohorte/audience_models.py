"""Write the audiences as dbt models: their definitions, and who may be in them."""

from __future__ import annotations

from sqlglot import exp

from kohorte.audiences import Audience
from kohorte.catalog import Catalog
from kohorte.dialects import json_object
from kohorte.lookup import Query
from kohorte.model_texts import TEXTS, model_text, row_of
from kohorte.moments import Clock, within
from kohorte.specs import SetAside, Specs

DEFINITIONS_MODEL = "int_audience_definitions"
CANDIDATES_MODEL = "int_audience_candidates"
_COLUMNS = {
    "audience": "text",
    "label": "text",
    "description": "text",
    "owner": "text",
    "declared_in": "text",
    "state": "text",
    "reason": "text",
    "segments": TEXTS,
    "channel": "text",
    "variant": "text",
    "priority": "bigint",
    "cap_at_most": "bigint",
    "tool": "text",
    "target": "text",
    "fields": TEXTS,
    "max_removed": "double",
    "max_added": "double",
    "min_members": "bigint",
}
_SINCE = "capped_since"
#: A member of an audience is a customer, by this column of every table of customers.
_KEY = "customer_id"
_HELD_OUT = "control"


def audience_models(specs: Specs, catalog: Catalog, clock: Clock) -> dict[str, str]:
    """Return the text of each model, by its name."""
    return {
        DEFINITIONS_MODEL: _definitions(specs, clock),
        CANDIDATES_MODEL: _candidates(specs, catalog, clock.dialect),
    }


def _definitions(specs: Specs, clock: Clock) -> str:
    """Return the model of the definitions; an audience that is set aside is stale."""
    rows = [_defined(audience, clock) for audience in specs.audiences]
    rows += [_set_aside(aside) for aside in specs.audiences_aside]
    selects = tuple(rows) or (_with_since(row_of({}, _COLUMNS), None).where(exp.false()),)
    query = Query(DEFINITIONS_MODEL, selects)
    return model_text("One row per audience that is declared.", "table", (query,), clock.dialect)


def _defined(audience: Audience, clock: Clock) -> exp.Select:
    cap, guard = audience.cap, audience.guard
    row = row_of(
        {
            "audience": audience.name,
            "label": audience.label,
            "description": audience.description,
            "owner": audience.owner,
            "declared_in": audience.place.path,
            "state": "fresh",
            "segments": audience.segments,
            "channel": audience.channel,
            "variant": audience.variant,
            "priority": audience.priority,
            "cap_at_most": cap.at_most if cap else None,
            "tool": audience.tool,
            "target": audience.target_text,
            "fields": audience.send,
            "max_removed": guard.max_removed,
            "max_added": guard.max_added,
            "min_members": guard.min_members,
        },
        _COLUMNS,
    )
    start = within(cap.within).start if cap else None
    since = start.sql(clock, local=False) if start else None
    return _with_since(row, since)


def _set_aside(aside: SetAside) -> exp.Select:
    row = {
        "audience": aside.name,
        "label": aside.name,
        "declared_in": aside.path,
        "state": "stale",
        "reason": aside.reason,
    }
    return _with_since(row_of(row, _COLUMNS), None)


def _with_since(row: exp.Select, since: exp.Expr | None) -> exp.Select:
    """Add since when messages count against the cap."""
    column = exp.cast(since or exp.Null(), "timestamp", copy=False)
    return row.select(exp.alias_(column, _SINCE, copy=False)).from_("int_clock")


def _candidates(specs: Specs, catalog: Catalog, dialect: str) -> str:
    """Return the model of who is in an audience's segments, with the fields to send."""
    selects = [_in_segments(audience, catalog, dialect) for audience in specs.audiences]
    if not selects:
        columns = {"audience": "text", _KEY: "text", "is_held_out": "boolean", "fields": "text"}
        selects = [row_of({}, columns).where(exp.false())]
    return model_text(
        "One row per audience and customer in any of its segments.",
        "view", (Query(CANDIDATES_MODEL, tuple(selects)),), dialect,
    )  # fmt: skip


def _in_segments(audience: Audience, catalog: Catalog, dialect: str) -> exp.Select:
    """Return who is in the segments of an audience, once each."""
    members = "fct_segment_members"
    variant = exp.column("variant", members)
    in_one: exp.Condition = exp.column("segment", members).isin(*audience.segments)
    if audience.variant:
        wanted = [exp.Literal.string(name) for name in (audience.variant, _HELD_OUT)]
        in_one = exp.and_(in_one, exp.In(this=variant.copy(), expressions=wanted))
    held_out = exp.Case().when(variant.eq(_HELD_OUT), "1").else_("0")
    once = (
        exp.select(exp.column(_KEY, members), exp.alias_(exp.Max(this=held_out), "held_out"))
        .from_(members)
        .where(in_one)
        .group_by(exp.column(_KEY, members))
    )
    tables = sorted({catalog.fields[name] for name in audience.send})
    fields = json_object({n: exp.column(n, catalog.fields[n]) for n in audience.send}, dialect)
    query = exp.select(
        exp.alias_(exp.Literal.string(audience.name), "audience"),
        exp.column(_KEY, "once"),
        exp.alias_(exp.column("held_out", "once").eq(1), "is_held_out"),
        exp.alias_(fields, "fields"),
    ).from_(once.subquery("once"))
    for table in tables:
        same = exp.column(_KEY, "once").eq(exp.column(_KEY, table))
        query = query.join(exp.to_table(table), on=same, join_type="left")
    return query
