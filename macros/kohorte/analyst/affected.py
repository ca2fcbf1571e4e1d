"""What hangs on segments that change: audiences, ladders and waterfalls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kohorte.analyst.changes import Change
from kohorte.audiences import MAX_REMOVED, MIN_HELD, Audience
from kohorte.catalog import RESERVED
from kohorte.specs import Specs

#: What of an audience decides who is written to, where, and with what.
_DECIDES = ("segments", "channel", "tool", "target", "variant", "priority", "cap", "send", "guard")


@dataclass(frozen=True)
class Affected:
    """An audience, ladder or waterfall that is not, or holds others than, what it did.

    `kind` is added, removed, changed (its own declaration) or moved (its segments).
    """

    name: str
    what: str
    kind: str
    #: The segments that change and that it is made of.
    segments: Sequence[str]
    warnings: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return asdict(self)


def affected(changes: Sequence[Change], now: Specs, before: Specs) -> list[Affected]:
    """Return what else is not as it was: ladders and waterfalls first, then audiences."""
    return [*_families(changes), *_audiences(changes, now, before)]


def _families(changes: Sequence[Change]) -> list[Affected]:
    """Return the ladders and waterfalls that tiers or branches of change."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        name, between, _ = change.segment.partition(RESERVED)
        if between:
            found.setdefault(name, []).append(change)
    return [
        Affected(name, "ladder or waterfall", _kind(parts), [part.segment for part in parts])
        for name, parts in sorted(found.items())
    ]


def _kind(parts: Sequence[Change]) -> str:
    kinds = {part.kind for part in parts}
    return kinds.pop() if len(kinds) == 1 else "changed"


def _audiences(changes: Sequence[Change], now: Specs, before: Specs) -> list[Affected]:
    old = {audience.name: audience for audience in before.audiences}
    new = {audience.name: audience for audience in now.audiences}
    found = []
    for name in sorted(old.keys() | new.keys()):
        was, is_now = old.get(name), new.get(name)
        used = {segment for each in (was, is_now) if each for segment in each.segments}
        moved = [change for change in changes if change.segment in used]
        kind = _kind_of(was, is_now) or ("moved" if moved else None)
        if kind:
            told = _warnings(is_now, moved) if is_now and was else []
            segments = [change.segment for change in moved]
            found.append(Affected(name, "audience", kind, segments, told))
    return found


def _kind_of(was: Audience | None, is_now: Audience | None) -> str | None:
    if was is None or is_now is None:
        return "added" if was is None else "removed"
    same = all(getattr(was, name) == getattr(is_now, name) for name in _DECIDES)
    return None if same else "changed"


def _warnings(audience: Audience, moved: Sequence[Change]) -> list[str]:
    """Return what the sync's guard would say, for an audience of one segment.

    It is told of the segment: consent, caps and holdouts are known after a build only.
    """
    if len(audience.segments) != 1 or len(moved) != 1:
        return []
    (change,), guard, found = moved, audience.guard, []
    most = float(MAX_REMOVED if guard.max_removed is None else guard.max_removed)
    if change.before >= MIN_HELD and change.leaving > most * change.before:
        share = change.leaving / change.before
        found.append(f"{share:.0%} of its segment leave, and the sync stops at {most:.0%}")
    if guard.min_members is not None and change.now < guard.min_members:
        found.append(
            f"its segment is left with {change.now:,}, and the sync wants {guard.min_members:,}"
        )
    return found
