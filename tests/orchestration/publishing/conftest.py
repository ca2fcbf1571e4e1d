from __future__ import annotations

from tests.kohorte.publishing.conftest import small

__all__ = ["small"]
