"""docs/cli.md shows what the commands print: its transcripts are made by running them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

from tests.conftest import ROOT
from tests.project.test_questions import KOHORTE

PAGE = ROOT / "docs" / "cli.md"
#: A command in a code block, and what it printed, up to the block's end.
_TRANSCRIPT = re.compile(r"(?<=```console\n)\$ (kohorte .*)\n(?:.*\n)*?(?=```)")
_TOOK = re.compile(r"\(\d+ ms\)")


def test_the_transcripts_are_what_the_commands_print(
    demo_warehouse: Path, update_golden: bool
) -> None:
    page = PAGE.read_text(encoding="utf-8")
    made = _TRANSCRIPT.sub(lambda found: _transcript(found[1], demo_warehouse), page)
    if update_golden:
        PAGE.write_text(made, encoding="utf-8")
    assert made == PAGE.read_text(encoding="utf-8")


def _transcript(command: str, warehouse: Path) -> str:
    arguments = shlex.split(command)[1:]
    result = subprocess.run(
        [str(KOHORTE), *arguments],
        cwd=ROOT, env={**os.environ, "KOHORTE_WAREHOUSE": str(warehouse)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in result.stderr
    printed = _TOOK.sub("(25 ms)", result.stdout + result.stderr)
    lines = [line.rstrip() for line in printed.splitlines()]
    return "\n".join([f"$ {command}", *lines]).rstrip() + "\n"
