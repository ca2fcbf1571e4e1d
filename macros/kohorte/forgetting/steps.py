"""All steps of forgetting people, in the order in which each may be repeated."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from kohorte.forgetting.people import (
    LISTS,
    SEED,
    Person,
    find_people,
    remember_hashes,
    strike_from_history,
    strike_from_lists,
)
from kohorte.forgetting.search import search
from kohorte.project import serving_folder, warehouse_path
from kohorte.publishing.copies import compact
from kohorte.publishing.generations import Generations
from kohorte.replay import before_replay_path, replay_path
from kohorte.run import run_project


def forget(
    root: Path,
    customers: Sequence[str],
    systems: Sequence[str],
    raw: Path | None,
    as_of: str,
    say: Callable[[str], None],
) -> int:
    """Forget people with these ids, and build and publish without them; return the status.

    Whatever stops it, the same call goes on: each step does nothing where it was done.
    Raises KohorteError when nobody has an id, a tool does not let go, or a file is in use.
    """
    people = find_people(root, customers)
    _take_out_of_tools(root, people, say)
    hashes = remember_hashes(root, people)
    say(f"{SEED}: new hashes: {hashes:,}; commit it, other machines read it as well")
    entries = strike_from_lists(root, people)
    if entries:
        say(f"{LISTS}: entries struck: {entries:,}; commit it")
    say(f"history: rows deleted: {strike_from_history(root, people):,}")
    shutil.rmtree(replay_path(root).parent, ignore_errors=True)
    before_replay_path(root).unlink(missing_ok=True)
    status = run_project(root, systems, raw, as_of, before_publishing=compact)
    if status:
        return status
    generations = Generations(serving_folder(root))
    with generations.locked():
        generations.prune(1)
    return _searched(root, people, say)


def _take_out_of_tools(root: Path, people: Sequence[Person], say: Callable[[str], None]) -> None:
    """Take people out of the audiences that the sync put them into, if there was ever one."""
    if not any(warehouse_path(root).parent.glob("sync*.duckdb")):
        return
    from activation.care import forget as forget_member
    from activation.project import sync_of

    sync = sync_of(root)
    count = sum(forget_member(sync, each) for person in people for each in person.ids)
    say(f"tools: taken out of {count:,} {'audience' if count == 1 else 'audiences'}")


def _searched(root: Path, people: Sequence[Person], say: Callable[[str], None]) -> int:
    """Say where people still stand; return 1 if they do in a file of the project's own."""
    found, files = search(root, people)
    handed_over = [place for place in found if place.is_handed_over]
    left = [place for place in found if not place.is_handed_over]
    for place in handed_over:
        say(f"handed over to another tool, delete it when it was read: {place.file}")
    if left:
        say("still there:")
        for place in left:
            say(f"  {place.words()}")
        return 1
    say(f"searched {files:,} files of the project: nobody of them is there any more")
    return 0
