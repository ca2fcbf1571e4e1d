"""What the checks said of the build warehouse, and whether it may be shown.

The table `check_results` of the warehouse has a row for every model, seed and data test
(dbt's hooks write it) and for every expectation about the data (`record_expectations`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from kohorte.errors import KohorteError
from kohorte.publishing.files import opened

Severity = Literal["critical", "warning"]
_SHOWN = 10


@dataclass(frozen=True)
class Expectation:
    """What was found of one expectation about one table; a critical failure blocks."""

    table: str
    name: str
    severity: Severity
    passed: bool
    unexpected: int | None = None


@dataclass(frozen=True)
class Verdict:
    """How many checks passed, which ones warn, and which ones stand in the way."""

    passed: int
    warnings: tuple[str, ...]
    blocking: tuple[str, ...]

    def require(self) -> None:
        """Raise KohorteError, with the checks that stand in the way, unless there are none."""
        if not self.blocking:
            return
        lines = [f"  {line}" for line in self.blocking[:_SHOWN]]
        if len(self.blocking) > _SHOWN:
            lines.append(f"  and {len(self.blocking) - _SHOWN} more")
        count = len(self.blocking)
        raise KohorteError(
            "\n".join(
                [
                    f"not published: {count} critical {'check' if count == 1 else 'checks'}"
                    " did not pass",
                    *lines,
                    "readers keep what was published before; mend it, then: make run",
                ]
            )
        )


def record_expectations(
    warehouse: Path, found: Iterable[Expectation], *, keep_others: bool = False
) -> None:
    """Keep what was found in a build warehouse, in place of what was found before.

    With `keep_others`, what was found of other expectations stays in force.

    Raises KohorteError when dbt never built it, or another program has the file open.
    """
    rows = [
        (
            f"{each.table}.{each.name}", "expectation", each.name, each.severity,
            "passed" if each.passed else "warned" if each.severity == "warning" else "failed",
            each.unexpected, [each.table],
        )
        for each in found
    ]  # fmt: skip
    with opened(warehouse, read_only=False) as connection:
        connection.execute("begin")
        connection.execute(
            "delete from check_results where kind = 'expectation'"
            " and (not ? or list_contains(?, check_id))",
            [keep_others, [row[0] for row in rows]],
        )
        for row in rows:
            connection.execute(
                "insert into check_results"
                " (check_id, kind, name, severity, status, failures, reads, run)"
                " select ?, ?, ?, ?, ?, ?, ?, coalesce(max(run), 0) from check_results",
                row,
            )
        connection.execute("commit")


def verdict(connection: duckdb.DuckDBPyConnection, schema: str) -> Verdict:
    """Return what the checks in a schema (`catalog.schema`) say.

    A critical check stands in the way unless it has passed after the last time that any
    table which it reads was built.
    """
    try:
        rows = connection.execute(_VERDICT.format(schema=schema)).fetchall()
    except duckdb.CatalogException:
        raise KohorteError(
            "not published: nobody has checked this warehouse yet; run: make run"
        ) from None
    return Verdict(
        passed=sum(state == "passed" for _, _, state in rows),
        warnings=tuple(name for _, name, state in rows if state == "warned"),
        blocking=tuple(
            f"{kind} {name}: {_WORDS[state]}" for kind, name, state in rows if state in _WORDS
        ),
    )


def is_in_order(warehouse: Path) -> bool:
    """Tell whether no critical check of a build warehouse stands in the way."""
    with opened(warehouse) as connection:
        return not verdict(connection, "main").blocking


_WORDS = {
    "failed": "failed",
    "running": "its run did not finish",
    "pending": "it was not run",
    "outdated": "the tables it reads were built anew since",
}
_VERDICT = """
    with check_results as (
        select * from {schema}.check_results
    ),

    reads as (
        select check_id, unnest(reads) as name from check_results
    ),

    built as (
        select reads.check_id, max(check_results.run) as run
        from reads
        inner join check_results on reads.name = check_results.name
        where check_results.kind in ('model', 'seed', 'snapshot')
        group by reads.check_id
    )

    select
        check_results.kind,
        check_results.name,
        case
            when check_results.severity = 'warning'
                then if(check_results.status in ('passed', 'warned'), check_results.status, '')
            when check_results.status = 'passed' and check_results.run < built.run
                then 'outdated'
            else check_results.status
        end as state
    from check_results
    left join built using (check_id)
    order by check_results.kind, check_results.name
"""
