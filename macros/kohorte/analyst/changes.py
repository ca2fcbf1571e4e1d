"""What a change of the specs would do: the working tree against a git reference."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kohorte.analyst.evaluation import Definitions, conditions_of, evaluate, read_definitions
from kohorte.analyst.warehouse import Warehouse
from kohorte.audiences import CHANNELS
from kohorte.errors import KohorteError, shown
from kohorte.project import SPECS_FOLDER
from kohorte.segments.segment import REACHED_SUFFIX, Segment
from kohorte.specs import read_specs

_BEFORE, _NOW = "members_before", "members_now"


@dataclass(frozen=True)
class Change:
    """One segment that is not what it was; members before and now on the same data."""

    segment: str
    kind: str
    before: int
    now: int
    entering: int
    leaving: int
    #: Conditions that were added and taken away, in words.
    added: Sequence[str]
    removed: Sequence[str]
    reachable: Mapping[str, int]
    value: float
    warnings: Sequence[str]

    @property
    def share(self) -> float:
        """Return how much moves, against the members before: 1 is all of them."""
        moved = self.entering + self.leaving
        return moved / self.before if self.before else float(moved > 0)

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return {**asdict(self), "share_moved": self.share}


def changes(warehouse: Warehouse, now: Definitions, before: Definitions) -> list[Change]:
    """Return what becomes another segment, or would have other members, by name."""
    old = {segment.name: segment for segment in _told(before)}
    new = {segment.name: segment for segment in _told(now)}
    names = sorted(
        name
        for name in old.keys() | new.keys()
        if before.specs.hashes.get(name) != now.specs.hashes.get(name)
    )
    found = []
    for entity in sorted({(new.get(name) or old[name]).entity for name in names}):
        mine = [name for name in names if (new.get(name) or old[name]).entity == entity]
        _evaluate(warehouse, before, [old[name] for name in mine if name in old], _BEFORE)
        _evaluate(warehouse, now, [new[name] for name in mine if name in new], _NOW)
        found += [_change(warehouse, name, old.get(name), new.get(name)) for name in mine]
    return found


@contextmanager
def definitions_at(root: Path, reference: str) -> Iterator[Definitions]:
    """Read the specs as they are at a git reference, against today's catalog.

    Raises KohorteError when there is no such reference or the folder is in no repository.
    """
    now = read_definitions(root)
    commit = _git(
        root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}"
    )
    name = commit.decode().strip()
    archive = _git(root, "archive", "--format=tar", name, "--", SPECS_FOLDER, allow_nothing=True)
    with tempfile.TemporaryDirectory() as folder:
        specs = Path(folder) / SPECS_FOLDER
        specs.mkdir()
        if archive:
            with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                tar.extractall(folder, filter="data")
        yield replace(now, specs=read_specs(specs, now.catalog, set_aside=True))


def _git(root: Path, *arguments: str, allow_nothing: bool = False) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        raise KohorteError("git is not installed, and diff compares with it") from None
    if done.returncode == 0:
        return done.stdout
    if allow_nothing:
        return b""
    if b"not a git repository" in done.stderr:
        raise KohorteError(f"{root} is in no git repository; diff compares with one")
    wanted = shown(arguments[-1].removesuffix("^{commit}"))
    raise KohorteError(f"git knows no commit `{wanted}`; name a branch, a tag or a commit")


def _told(definitions: Definitions) -> list[Segment]:
    return [s for s in definitions.specs.segments if not s.name.endswith(REACHED_SUFFIX)]


def _evaluate(
    warehouse: Warehouse, definitions: Definitions, segments: Sequence[Segment], table: str
) -> None:
    if segments:
        evaluate(warehouse, definitions, definitions.closure(segments), table)
        return
    warehouse.run(
        f"create or replace temp view {table} as"
        " select '' as segment, '' as key, null as variant where false"
    )


def _change(warehouse: Warehouse, name: str, old: Segment | None, new: Segment | None) -> Change:
    before, now, entering, leaving = warehouse.rows(
        f"""
        with
        before as (select key from {_BEFORE} where segment = $segment),
        now as (select key from {_NOW} where segment = $segment)
        select
            (select count(*) from before), (select count(*) from now),
            (select count(*) from now anti join before using (key)),
            (select count(*) from before anti join now using (key))
        """,
        segment=name,
    )[0]
    sides = [[c.words() for c in conditions_of(s)] if s else [] for s in (old, new)]
    removed = [words for words in sides[0] if words not in sides[1]]
    added = [words for words in sides[1] if words not in sides[0]]
    kind = "changed" if old and new else "added" if new else "removed"
    reachable, value = _moved(warehouse, new or old, name)
    return Change(
        name, kind, before, now, entering, leaving, added, removed, reachable, value,
        _warnings(new, before, now),
    )  # fmt: skip


def _moved(
    warehouse: Warehouse, segment: Segment | None, name: str
) -> tuple[dict[str, int], float]:
    """Return by how much reach and net revenue in 365 days grow, or shrink."""
    known = set(warehouse.columns("dim_customer_features"))
    channels = [name for name in CHANNELS if f"is_{name}_reachable" in known]
    if segment is None or segment.entity != "customer" or "net_revenue_365d" not in known:
        return {}, 0.0
    sums = "".join(f", sum(sign * is_{name}_reachable::int)" for name in channels)
    found = warehouse.rows(
        f"""
        with
        moved as (
            select key, 1 as sign from {_NOW} where segment = $segment
            union all
            select key, -1 as sign from {_BEFORE} where segment = $segment
        )
        select sum(sign * net_revenue_365d){sums}
        from moved
        inner join dim_customer_features on customer_id = key
        """,
        segment=name,
    )[0]
    numbers = [number or 0 for number in found]
    return dict(zip(channels, map(int, numbers[1:]), strict=True)), float(numbers[0])


def _warnings(new: Segment | None, before: int, now: int) -> list[str]:
    """Return which of the segment's own expectations the new members would not meet."""
    if new is None:
        return []
    expect, warnings = new.expect, []
    if expect.min_members is not None and now < expect.min_members:
        warnings.append(f"{now:,} members, and at least {expect.min_members:,} are expected")
    if expect.max_members is not None and now > expect.max_members:
        warnings.append(f"{now:,} members, and at most {expect.max_members:,} are expected")
    if expect.max_change is not None and before:
        share = abs(now - before) / before
        if share > expect.max_change:
            warnings.append(
                f"changes by {share:.0%}, and {expect.max_change:.0%} is expected at most"
            )
    if now == 0 and before > 0:
        warnings.append("nobody is left")
    return warnings
