"""What a person is told of plans, runs and audits; no address stands in it unmasked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from activation.care import Audit
from activation.plan import Plan
from activation.run import Report


def plan_lines(found: Sequence[tuple[Plan, list[str]]]) -> Iterator[str]:
    """Yield what each plan changes, and what is in its way."""
    if not found:
        yield "no audiences are declared; see docs/audiences.md"
    for plan, said in found:
        name = plan.audience.name
        yield (
            f"{name} ({plan.audience.tool}): {plan.adds:,} to add, {plan.removes:,} to remove,"
            f" {plan.updates:,} to update; {plan.held:,} there now, {plan.wanted:,} wanted"
        )
        if not said:
            continue
        yield from (f"  stopped: {reason}" for reason in said)
        if plan.withdrawals:
            yield f"  {plan.withdrawals:,} who may not be written to are removed all the same"
        yield f"  if it is right: kohorte sync approve {name} {plan.digest}"


def report_lines(reports: Sequence[Report]) -> Iterator[str]:
    """Yield what came of each run."""
    if not reports:
        yield "no audiences are declared; see docs/audiences.md"
    for report in reports:
        counts = f"{report.confirmed:,} confirmed"
        counts += f", {report.rejected:,} rejected" if report.rejected else ""
        counts += f", {report.unknown:,} unanswered" if report.unknown else ""
        yield f"{report.audience}: {report.state}, {counts}"
        yield from (f"  {reason}" for reason in report.reasons)
        if report.state == "blocked" and report.plan:
            digest = report.plan.digest
            yield f"  if it is right: kohorte sync approve {report.audience} {digest}"
        elif report.state in ("failed", "incomplete"):
            yield f"  the next run goes on with it: kohorte sync run {report.audience}"


def audit_lines(found: Iterable[Audit], *, repaired: bool) -> Iterator[str]:
    """Yield what each audience in a tool is, against what we put there."""
    for audit in found:
        yield (
            f"{audit.audience}: {audit.in_tool:,} in the tool, {audit.ours:,} put there by us;"
            f" {audit.missing:,} of them missing, {audit.others:,} by others"
        )
        if audit.examples:
            yield f"  by others, and left alone: {', '.join(audit.examples)}"
        if audit.missing:
            again = "are sent by the next run" if repaired else "to send them again: --repair"
            yield f"  the missing {again}" if repaired else f"  {again}"


def status_lines(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield each audience's last run and its members by state."""
    if not found:
        yield "nothing was synced yet; begin with: kohorte sync plan"
    for row in found:
        yield (
            f"{row['audience']} ({row['destination']}): {row['present']:,} present,"
            f" {row['unknown']:,} unknown, {row['rejected']:,} rejected,"
            f" {row['suppressed']:,} suppressed"
        )
        ended = f"ended {row['finished_at']} UTC" if row["finished_at"] else "not ended"
        yield f"  run {row['run']}: {row['state']}, as of {row['as_of']}, {ended}"
        if row["reason"]:
            yield f"  {row['reason']}"
