"""Calls to a tool: what is worth trying again is, and no answer is taken for more than it says."""

from __future__ import annotations

import email.utils
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

import httpx2
import stamina
from stamina import instrumentation

from activation.adapters.base import Fatal, Refused, Unreachable

T = TypeVar("T")

_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_ATTEMPTS, _SECONDS = 5, 30.0
#: A tool that asks for a longer pause is left alone until the next run.
_LONGEST_PAUSE = 60.0

# They would log the arguments of the calls: addresses.
instrumentation.set_on_retry_hooks(())


class _Again(Exception):
    """An answer, or none, that another attempt may better."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


class NotThere(Exception):
    """The tool knows no such thing."""


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield all items, at most `size` at once."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def path_of(identifier: str) -> str:
    """Return an identifier as one part of an address's path."""
    return quote(identifier, safe="")


def _pause(error: Exception) -> bool | float:
    """Return the pause that the tool asks for, or that another attempt is worth it."""
    if not isinstance(error, _Again):
        return False
    if error.pause is None:
        return True
    return error.pause if error.pause <= _LONGEST_PAUSE else False


@dataclass(frozen=True)
class Http:
    """One account of a tool. `headers` is asked for every call, as keys may expire."""

    base_url: str
    headers: Callable[[bytes], Mapping[str, str]] = field(repr=False)
    transport: httpx2.BaseTransport | None = field(default=None, repr=False)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
    ) -> Any:
        """Return the JSON that a call answers with, or None when it answers with nothing.

        Raises Refused when the tool dislikes what is sent, NotThere when it knows no such
        thing, Fatal when the key is wrong, and Unreachable when it does not answer.
        """
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        try:
            for attempt in stamina.retry_context(
                on=_pause, attempts=_ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=20
            ):
                with attempt:
                    return self._once(method, path, params or {}, content)
        except _Again as error:
            raise Unreachable(str(error)) from None
        raise AssertionError

    def mapping(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
        missing: str,
    ) -> dict[str, Any]:
        """Return the JSON object that a call answers with; else as `call`.

        Raises Fatal, with what is `missing`, when the tool knows no such thing, and Unreachable
        when the answer is no object.
        """
        try:
            answer = self.call(method, path, params=params, body=body)
        except NotThere:
            raise Fatal(missing) from None
        if not isinstance(answer, dict):
            raise Unreachable("its answer is of another shape")
        return answer

    def _once(self, method: str, path: str, params: Mapping[str, str | int], content: bytes) -> Any:
        headers = {
            "Accept": "application/json",
            **({"Content-Type": "application/json"} if content else {}),
            **self.headers(content),
        }
        try:
            with httpx2.Client(
                base_url=self.base_url, transport=self.transport, timeout=_SECONDS
            ) as client:
                answer = client.request(
                    method, path, params=dict(params), content=content, headers=headers
                )
        except httpx2.TransportError as error:
            # Its text may hold the address that was called.
            raise _Again(f"no answer ({type(error).__name__})") from None
        return _read(answer)


def _read(answer: httpx2.Response) -> Any:
    """Return what an answer holds, or raise what it means."""
    status = answer.status_code
    if status in _AGAIN:
        raise _Again(f"it answers with {status}", _retry_after(answer))
    if status in (401, 403):
        raise Fatal(f"the tool does not accept the key (status {status}); check the environment")
    if status in (404, 410):
        raise NotThere
    if status >= 300:
        raise Refused(f"the tool refuses it (status {status})")
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError:
        raise _Again("its answer breaks off") from None


def _retry_after(answer: httpx2.Response) -> float | None:
    """Return the seconds that the tool asks to wait, if it does."""
    text = answer.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    when = email.utils.parsedate_to_datetime(text) if "GMT" in text else None
    sent = answer.headers.get("Date", "")
    if when is None or "GMT" not in sent:
        return None
    # By the tool's own clock: ours may be wrong.
    begun = email.utils.parsedate_to_datetime(sent)
    return max(0.0, (_utc(when) - _utc(begun)).total_seconds())


def _utc(instant: datetime) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
