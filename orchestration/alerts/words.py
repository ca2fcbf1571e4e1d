"""What is told of a failed run; nothing here sends anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from activation.masking import masked

#: Slack cuts a message off at 3,000 characters a block; nobody reads that far.
_MAX_REASON, _MAX_NAMES = 600, 12
_ADDRESS = re.compile(r"[^\s'\"<>(),;]+@[^\s'\"<>(),;]+")
#: How DuckDB names the value that it cannot convert.
_VALUE = re.compile(r"((?:string|value|field) )(?:'[^']*'|\"[^\"]*\")")


@dataclass(frozen=True)
class Failed:
    """A step that failed, and why."""

    step: str
    reason: str


def failure_words(
    job: str,
    run_id: str,
    failed: Sequence[Failed],
    stale: Sequence[str],
    last_good: datetime | None,
) -> str:
    """Return the alert of a run: what failed, since when, and what is old because of it.

    `last_good` is when the job succeeded last, UTC.
    """
    since = f"{last_good:%Y-%m-%d %H:%M} UTC" if last_good else "never"
    lines = [f"Kohorte: the job {job} failed; it succeeded last: {since}"]
    lines += [f"- {each.step}: {_shortened(each.reason)}" for each in failed]
    if stale:
        more = f" and {len(stale) - _MAX_NAMES} more" if len(stale) > _MAX_NAMES else ""
        lines.append(f"Not brought up to date: {', '.join(stale[:_MAX_NAMES])}{more}")
    lines.append("Readers keep the last good generation. What to do: docs/operations.md")
    lines.append(f"Run {run_id}")
    return "\n".join(lines)


def _shortened(reason: str) -> str:
    """Return a reason in one line, without addresses and the values of rows."""
    hidden = _VALUE.sub(r"\1'…'", _ADDRESS.sub(lambda found: masked(found[0]), reason))
    one_line = " ".join(hidden.split())
    return one_line if len(one_line) <= _MAX_REASON else one_line[: _MAX_REASON - 1] + "…"
