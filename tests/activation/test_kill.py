"""A run that is killed, wherever, is mended by the next one."""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.activation.program import MEMORY
from tests.activation.shop import Shop, people
from tests.conftest import ROOT

KILLS = int(os.environ.get("KOHORTE_KILLS", "3"))
STRANGER = "x@example.com"


def started(
    folder: Path, moment: int = 0, *, room: int = resource.RLIM_INFINITY
) -> subprocess.Popen[str]:
    """Return a process that runs the sync, and dies at a moment; its files have `room` bytes."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.activation.program", str(folder), str(moment)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Return status, output and errors of a process."""
    out, errors = process.communicate(timeout=120)
    return process.returncode, out, errors


def held(folder: Path) -> dict[str, object]:
    """Return what the tool holds, after it has put nobody in twice."""
    audiences, times_added = json.loads((folder / MEMORY).read_text())
    assert set(times_added.values()) <= {1}
    return dict(audiences["mail"])


def prepared(shop: Shop) -> Shop:
    """Have a tool with a stranger, synced once, and a warehouse in which much has changed."""
    (shop.folder / MEMORY).write_text(json.dumps([{"mail": {STRANGER: {}}}, {}]))
    shop.max_removed = shop.max_added = 1.0
    shop.members = people(30)
    shop.write()
    assert ended(started(shop.folder))[0] == 0
    shop.members = {**people(20, 15), "c0016": {"tier": "silver"}}
    shop.addresses["c0017"] = "moved@example.com"
    return shop.write()


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_killed_run_is_mended_by_the_next(shop: Shop, kill: int) -> None:
    prepared(shop)
    moment = random.Random(kill).randint(1, 40)
    status, out, errors = ended(started(shop.folder, moment))
    assert status == -9 or out.startswith("succeeded"), errors
    status, out, errors = ended(started(shop.folder))
    assert out.startswith("succeeded"), errors
    assert held(shop.folder) == {**shop.wanted(), STRANGER: {}}


@pytest.mark.parametrize("room", [100, 2_000])
def test_a_full_disk_is_told_and_mended_by_the_next_run(shop: Shop, room: int) -> None:
    prepared(shop)
    status, _, errors = ended(started(shop.folder, room=room))
    assert status == 1
    assert "make room on the disk" in errors.splitlines()[-1]
    status, out, errors = ended(started(shop.folder))
    assert out.startswith("succeeded"), errors
    assert held(shop.folder) == {**shop.wanted(), STRANGER: {}}


def test_two_runs_at_once_do_what_one_does(shop: Shop) -> None:
    prepared(shop)
    found = [ended(process) for process in [started(shop.folder) for _ in range(2)]]
    assert any(out.startswith("succeeded") for _, out, _ in found)
    for status, _, errors in found:
        assert status == 0 or "goes on" in errors or "given up" in errors
    assert held(shop.folder) == {**shop.wanted(), STRANGER: {}}
