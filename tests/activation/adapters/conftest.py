from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina


@pytest.fixture(autouse=True)
def _nobody_waits() -> Iterator[None]:
    """Let calls be tried again at once."""
    with stamina.set_testing(True, attempts=4):
        yield
