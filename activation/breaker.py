"""What makes a plan stop before the first request, until somebody approves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from kohorte.audiences import MAX_REMOVED, MIN_HELD

from activation.plan import Plan

MAX_ADDED, MAX_INVALID = 1.0, 0.2
#: The audience against the median of its last runs.
MAX_DIFFERENCE = 0.5
MAX_AGE = timedelta(days=3)


@dataclass(frozen=True)
class Source:
    """How old the data is: when it was made (UTC), and what as_of was synced last."""

    made_at: datetime
    last_as_of: datetime | None


def objections(
    plan: Plan, source: Source, recent: Sequence[int], now: datetime, max_age: timedelta = MAX_AGE
) -> list[str]:
    """Return why a plan should not be carried out; `recent` are sizes of earlier runs.

    Withdrawals of consent are no reason: they are carried out in any case.
    """
    found = []
    audience, removes = plan.audience, plan.removes - plan.withdrawals
    if audience.state == "below_minimum":
        found.append("fewer members are left than the audience wants (guard: min_members)")
    elif plan.wanted == 0 and removes:
        found.append("nobody is in the audience any more")
    if now - source.made_at > max_age:
        days = (now - source.made_at).days
        found.append(f"the data is {days} days old; at most {max_age.days} are expected")
    if source.last_as_of and audience.as_of < source.last_as_of:
        found.append(
            f"the data is as of {audience.as_of}, and the tool knows it as of {source.last_as_of}"
        )
    if plan.held >= MIN_HELD:
        found += _changes(plan, removes)
    candidates = plan.wanted + plan.invalid
    if candidates >= MIN_HELD and plan.invalid > MAX_INVALID * candidates:
        found.append(f"{plan.invalid / candidates:.0%} of its customers have no valid address")
    usual, size = median(recent) if recent else 0, plan.wanted + plan.withdrawals
    if usual >= MIN_HELD and abs(size - usual) > MAX_DIFFERENCE * usual:
        found.append(f"{plan.wanted:,} members, and {usual:,.0f} were usual in the last runs")
    return found


def _changes(plan: Plan, removes: int) -> list[str]:
    """Return what is said against the shares that leave and come."""
    audience = plan.audience
    most_removed = MAX_REMOVED if audience.max_removed is None else audience.max_removed
    most_added = MAX_ADDED if audience.max_added is None else audience.max_added
    found = []
    if removes > most_removed * plan.held:
        share = removes / plan.held
        found.append(f"{share:.0%} of {plan.held:,} would leave; at most {most_removed:.0%} may")
    if plan.adds > most_added * plan.held:
        share = plan.adds / plan.held
        found.append(f"{share:.0%} of {plan.held:,} would come; at most {most_added:.0%} may")
    return found
