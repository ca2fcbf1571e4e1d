"""The suites as Dagster's asset checks."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.quality.expectations import Check, Suite
from orchestration.quality.runner import Result
from orchestration.quality.suites import SUITES
from orchestration.quality.words import unusual_lines
from orchestration.transform.resources import POOL, Warehouse, retried_while_busy

if TYPE_CHECKING:
    from orchestration.quality.metrics import Unusual


def quality_checks(assets: Collection[dg.AssetKey]) -> dg.AssetChecksDefinition:
    """Return a check for every expectation about one of the assets."""
    suites = [suite for suite in SUITES if dg.AssetKey(suite.table) in assets]
    specs = [check_spec(suite.table, check) for suite in suites for check in suite.checks]

    @dg.multi_asset_check(name="quality", specs=specs, can_subset=True, pool=POOL)
    def quality(
        context: dg.AssetCheckExecutionContext, warehouse: Warehouse
    ) -> Iterator[dg.AssetCheckResult]:
        from orchestration.quality.recording import check

        wanted = context.selected_asset_check_keys
        with retried_while_busy():
            found = check(warehouse.path, selected(suites, wanted), keep_others=True)
        yield from check_results(wanted, found.results, found.unusual)

    return quality


def check_spec(table: str, check: Check) -> dg.AssetCheckSpec:
    """Return the asset check of an expectation; a critical one blocks what follows."""
    return dg.AssetCheckSpec(
        check.name,
        asset=table,
        description=check.description,
        blocking=check.severity == "critical",
    )


def check_key(table: str, check: Check) -> dg.AssetCheckKey:
    """Return the key of an expectation's asset check."""
    return dg.AssetCheckKey(dg.AssetKey(table), check.name)


def selected(suites: Iterable[Suite], wanted: Collection[dg.AssetCheckKey]) -> list[Suite]:
    """Return the suites with only the wanted checks, and none without any."""
    kept = [
        Suite(suite.table, tuple(c for c in suite.checks if check_key(suite.table, c) in wanted))
        for suite in suites
    ]
    return [suite for suite in kept if suite.checks]


def check_results(
    wanted: Iterable[dg.AssetCheckKey],
    results: Iterable[Result],
    unusual: "Sequence[Unusual]" = (),
) -> Iterator[dg.AssetCheckResult]:
    """Yield a result for every wanted check; one that was not evaluated has failed."""
    by_key = {check_key(result.table, result.check): result for result in results}
    for key in sorted(wanted):
        found = by_key.get(key)
        if found is None:
            yield dg.AssetCheckResult(
                asset_key=key.asset_key,
                check_name=key.name,
                passed=False,
                description="It was not evaluated.",
            )
        else:
            yield _check_result(key, found, unusual)


def _check_result(
    key: dg.AssetCheckKey, result: Result, unusual: "Sequence[Unusual]"
) -> dg.AssetCheckResult:
    """Return one result as Dagster takes it."""
    is_critical = result.check.severity == "critical"
    numbers = {"observed": result.observed, "unexpected_rows": result.unexpected}
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=result.passed,
        severity=dg.AssetCheckSeverity.ERROR if is_critical else dg.AssetCheckSeverity.WARN,
        description=result.reason or "\n".join(unusual_lines(result, unusual)) or None,
        metadata={name: number for name, number in numbers.items() if number is not None},
    )
