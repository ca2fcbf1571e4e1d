from __future__ import annotations

from pathlib import Path

import pytest
from kohorte.publishing import generations

from tests.kohorte.publishing.small_project import SmallProject


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallProject:
    """The small project, built once; nobody waits for the disk."""
    monkeypatch.delenv("KOHORTE_WAREHOUSE", raising=False)
    monkeypatch.setattr(generations, "on_disk", lambda path: None)
    project = SmallProject(tmp_path).create()
    project.build(1)
    return project
