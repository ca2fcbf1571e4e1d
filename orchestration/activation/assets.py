"""Each audience, as its tool holds it, as an asset after the publication."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from kohorte.errors import KohorteError

from orchestration.transform.resources import Warehouse

if TYPE_CHECKING:
    from kohorte.audiences import Audience

    from activation.run import Report

#: The pool of everything that talks to the tools.
SYNC_POOL = "sync"
PREFIX = "audiences"
#: What Dagster takes for an owner; a spec may name anybody.
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")
_GOOD = ("succeeded", "skipped")
_RETRIES, _SECONDS_TO_WAIT = 2, 300


def audience_assets(
    audiences: Iterable[Audience], publication: dg.AssetKey
) -> list[dg.AssetsDefinition]:
    """Return an asset for each audience: its members in the tool agree with the table.

    One that is stopped or refused fails alone; the others are brought into their tools.
    """
    return [_asset(audience, publication) for audience in audiences]


def _asset(audience: Audience, publication: dg.AssetKey) -> dg.AssetsDefinition:
    name = audience.name

    @dg.asset(
        key=[PREFIX, name],
        deps=[publication],
        group_name="activation",
        kinds={audience.tool},
        owners=[audience.owner] if _EMAIL.fullmatch(audience.owner) else None,
        description=audience.description or audience.label or name,
        pool=SYNC_POOL,
    )
    def synced(warehouse: Warehouse) -> dg.MaterializeResult:  # type: ignore[type-arg]
        from activation.project import chosen, sync_of

        try:
            sync = sync_of(Path(warehouse.project_dir))
            report = sync.run(chosen(sync, [name])[0])
        except KohorteError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        if report.state == "incomplete":
            raise dg.RetryRequested(_RETRIES, _SECONDS_TO_WAIT) from _failure(report)
        if report.state not in _GOOD:
            raise _failure(report)
        return dg.MaterializeResult(metadata=reported_metadata(report))

    return synced


def _failure(report: Report) -> dg.Failure:
    """Return what a run that is not as planned is told as."""
    reasons = "; ".join(report.reasons) or "see: kohorte sync status"
    return dg.Failure(
        f"{report.audience}: {report.state}: {reasons}",
        metadata=reported_metadata(report),
        allow_retries=False,
    )


def reported_metadata(report: Report) -> dict[str, dg.MetadataValue]:
    """Return what there is to see of a run: counts of members, never who they are."""
    plan = report.plan
    counts = {
        "confirmed": report.confirmed,
        "rejected": report.rejected,
        "unknown": report.unknown,
    }
    if plan:
        counts |= {
            "wanted": plan.wanted,
            "to_add": plan.adds,
            "to_remove": plan.removes,
            "to_update": plan.updates,
        }
    told = {"state": dg.MetadataValue.text(report.state)}
    return {**told, **{name: dg.MetadataValue.int(count) for name, count in counts.items()}}
