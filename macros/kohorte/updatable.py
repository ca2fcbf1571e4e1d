"""The model of packed conditions that an update need not evaluate of everybody."""

from __future__ import annotations

from kohorte.model_texts import (
    BETWEEN,
    CONFIG,
    UNION,
    UNION_ALL,
    comment,
    cte,
    import_of,
    imports_of,
    select_text,
)
from kohorte.moving import (
    CLOCK_BEFORE,
    MOMENTS,
    MOVED,
    WHOLE_PREFIX,
    fingerprint,
    moments_before,
)
from kohorte.plan import EntityPlan

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


def updatable_conditions(plan: EntityPlan, grain: str, dialect: str) -> str:
    """Return the model of packed conditions, which in an update keeps what cannot have changed.

    Between `if before` and `endif` stands what only an update does; without it, everybody's
    conditions are evaluated. `grain` says what a row is.
    """
    key, moving, queries = plan.entity.key, plan.moving, list(plan.conditions)
    tables, aliases = imports_of(queries) - {CLOCK}, moving.aliases()
    edged = {f"{WHOLE_PREFIX}{edge.model}" for edge in moving.edges}
    whole = tables & aliases.keys()
    first = [import_of(CLOCK, CLOCK), *(import_of(name, aliases[name]) for name in sorted(whole))]
    update = [import_of(name, aliases[name]) for name in sorted(edged - whole)]
    if queries[0].name == MOMENTS:
        moments = queries.pop(0)
        first.append(cte(moments, dialect))
        update.append(cte(moments_before(moments), dialect))
    passed = [select_text(select, dialect) for select in moving.passed(key)]
    arrived = UNION.join([_ARRIVED.format(key=key), *passed]) + _REFRESHED.format(key=key)
    update.append(f"{MOVED} as (\n{arrived}\n)")
    only_moved = _MOVED.format(key=key)
    then = [
        import_of(name, name, only_moved if name in moving.models else "")
        for name in sorted(tables - whole)
    ]
    *ctes, met, packed = (cte(query, dialect) for query in queries)
    # The answers that are kept stand beside those that are found, before both are packed.
    kept = (UNION_ALL + select_text(select, dialect) for select in moving.kept(key, BEFORE))
    met = met.removesuffix("\n)") + _IN_UPDATE.format("".join(kept)) + "\n)"
    texts = {"first": BETWEEN.join(first), "body": BETWEEN.join([*then, *ctes, met, packed])}
    return _UPDATABLE.format(
        comment=comment(grain), config=CONFIG.format("table"),
        counts=COUNTS_MODEL, clock=CLOCK, clock_before=CLOCK_BEFORE, name=queries[-1].name,
        hash=fingerprint(texts["first"] + texts["body"]), update=BETWEEN.join(update), **texts,
    )  # fmt: skip
