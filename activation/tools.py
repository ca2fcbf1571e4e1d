"""Which adapter speaks to a tool; what it needs comes from environment variables."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
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
    "klaviyo": {
        "KOHORTE_KLAVIYO_KEY": "a private API key for accounts, profiles and lists",
    },
    "listmonk": {
        "KOHORTE_LISTMONK_URL": "the installation's address",
        "KOHORTE_LISTMONK_TOKEN": "an API user's name and token (user:token)",
    },
    "mailchimp": {"KOHORTE_MAILCHIMP_KEY": "an API key (it ends with the data center: -us6)"},
    "sendgrid": {"KOHORTE_SENDGRID_KEY": "an API key that may write marketing data"},
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
        return _MAKERS[tool](values, seconds)

    return adapter


def _ghost(values: Sequence[str], seconds: Callable[[], int]) -> Adapter:
    from activation.adapters.ghost import GhostAdapter

    return GhostAdapter(values[0], values[1], seconds)


def _klaviyo(values: Sequence[str], seconds: Callable[[], int]) -> Adapter:
    from activation.adapters.klaviyo import KlaviyoAdapter

    return KlaviyoAdapter(values[0])


def _listmonk(values: Sequence[str], seconds: Callable[[], int]) -> Adapter:
    from activation.adapters.listmonk import ListmonkAdapter

    return ListmonkAdapter(values[0], values[1])


def _mailchimp(values: Sequence[str], seconds: Callable[[], int]) -> Adapter:
    from activation.adapters.mailchimp import MailchimpAdapter

    return MailchimpAdapter(values[0])


def _sendgrid(values: Sequence[str], seconds: Callable[[], int]) -> Adapter:
    from activation.adapters.sendgrid import SendgridAdapter

    return SendgridAdapter(values[0])


def _webhook(values: Sequence[str], seconds: Callable[[], int]) -> Adapter:
    from activation.adapters.webhook import WebhookAdapter

    return WebhookAdapter(values[0], values[1], seconds)


#: What makes the adapter of each tool, of its variables' values and the clock.
_MAKERS: Mapping[str, Callable[[Sequence[str], Callable[[], int]], Adapter]] = {
    "ghost": _ghost, "klaviyo": _klaviyo, "listmonk": _listmonk, "mailchimp": _mailchimp,
    "sendgrid": _sendgrid, "webhook": _webhook,
}  # fmt: skip


def _needed(tool: str, environment: Mapping[str, str]) -> list[str]:
    """Return the values of the variables that a tool needs."""
    if tool not in VARIABLES:
        raise KohorteError(f"there is no adapter for the tool {tool}")
    missing = {name: what for name, what in VARIABLES[tool].items() if not environment.get(name)}
    if missing:
        lines = [f"  {name}: {what}" for name, what in missing.items()]
        raise KohorteError("\n".join([f"{tool} needs environment variables:", *lines]))
    return [environment[name] for name in VARIABLES[tool]]
