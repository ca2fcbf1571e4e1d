"""Runs the sync of a shop in a process of its own, which dies at a moment if asked to.

Usage: python -m tests.activation.program FOLDER [MOMENT]. The tool's memory is a file; the
moments are the calls to it and the looks at the clock, which stand before, between and after
the transactions.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from activation.plan import audiences
from activation.run import Sync
from activation.state import State
from tests.activation.fake import FakeTool, die
from tests.activation.shop import AS_OF, Clock

MEMORY = "tool.json"


def tool_of(folder: Path, moment: Callable[[str], None]) -> FakeTool:
    """Return the tool with what it remembers; it remembers what each call did."""
    path = folder / MEMORY

    def trouble(name: str) -> None:
        if name.startswith("after"):
            unfinished = path.with_suffix(".new")
            unfinished.write_text(json.dumps([tool.audiences, tool.times_added]))
            unfinished.replace(path)
        moment(name)

    tool = FakeTool(trouble)
    if path.exists():
        tool.audiences, tool.times_added = json.loads(path.read_text())
    return tool


def main() -> None:
    """Run, or die."""
    folder, left = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    seen = 0

    def moment(name: str) -> None:
        nonlocal seen
        seen += 1
        if seen == left:
            die(name)

    clock = Clock()

    def now() -> object:
        moment("clock")
        return clock()

    tool = tool_of(folder, moment)
    sync = Sync(
        State(folder / "sync.duckdb"), folder / "kohorte.duckdb", AS_OF, lambda name: tool, clock
    )
    with sync.state.transaction(sync.warehouse) as connection:
        (audience,) = audiences(connection)
    report = replace(sync, clock=now).run(audience)  # type: ignore[arg-type]
    print(report.state, seen)


if __name__ == "__main__":
    main()
