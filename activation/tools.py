"""Which adapter speaks to a tool; what it needs comes from environment variables."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from kohorte.errors import KohorteError

from activation.adapters.base import Adapter
from activation.adapters.file import FileAdapter

#: The variables that a tool needs, and what they hold.
VARIABLES: Mapping[str, Mapping[str, str]] = {
    "ghost": {
        "KOHORTE_GHOST_URL": "the site's address",
        "KOHORTE_GHOST_KEY": "an Admin API key (id:secret)",
    },
    "webhook": {
        "KOHORTE_WEBHOOK_URL": "the address to call",
        "KOHORTE_WEBHOOK_SECRET": "the secret that signs the calls",
    },
}
_OUTBOX = "KOHORTE_OUTBOX"


def adapter_of(
    outbox: Path, clock: Callable[[], datetime], environment: Mapping[str, str] = os.environ
) -> Callable[[str], Adapter]:
    """Return what gives the adapter of a tool; files go into the outbox, if nowhere else.

    It raises KohorteError when a variable is missing, or the tool is unknown.
    """

    def seconds() -> int:
        return int(clock().replace(tzinfo=UTC).timestamp())

    def adapter(tool: str) -> Adapter:
        if tool == "file":
            return FileAdapter(Path(environment.get(_OUTBOX) or outbox))
        values = _needed(tool, environment)
        if tool == "ghost":
            from activation.adapters.ghost import GhostAdapter

            return GhostAdapter(values[0], values[1], seconds)
        from activation.adapters.webhook import WebhookAdapter

        return WebhookAdapter(values[0], values[1], seconds)

    return adapter


def _needed(tool: str, environment: Mapping[str, str]) -> list[str]:
    """Return the values of the variables that a tool needs."""
    if tool not in VARIABLES:
        raise KohorteError(f"there is no adapter for the tool {tool}")
    missing = {name: what for name, what in VARIABLES[tool].items() if not environment.get(name)}
    if missing:
        lines = [f"  {name}: {what}" for name, what in missing.items()]
        raise KohorteError("\n".join([f"{tool} needs environment variables:", *lines]))
    return [environment[name] for name in VARIABLES[tool]]
