from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from kohorte.audiences import TOOLS
from kohorte.errors import KohorteError

from activation.tools import VARIABLES, adapter_of


@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_every_tool_of_the_language_has_an_adapter(tool: str, tmp_path: Path) -> None:
    environment = dict.fromkeys(VARIABLES.get(tool, {}), "a:b")
    adapter = adapter_of(tmp_path, lambda: datetime(2026, 7, 1), environment)(tool)
    assert adapter.tool == tool
    assert adapter.limits.batch >= 50
    assert "a:b" not in repr(adapter).replace("url='a:b'", "")


@pytest.mark.parametrize("tool", sorted(VARIABLES))
def test_what_is_missing_in_the_environment_is_named(tool: str, tmp_path: Path) -> None:
    with pytest.raises(KohorteError) as raised:
        adapter_of(tmp_path, lambda: datetime(2026, 7, 1), {})(tool)
    assert all(name in str(raised.value) for name in VARIABLES[tool])
