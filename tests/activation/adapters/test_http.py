from __future__ import annotations

import logging
from collections.abc import Callable

import httpx2
import pytest

from activation.adapters.base import Fatal, Refused, Unreachable
from activation.adapters.http import Http, NotThere, _Again, _pause, _retry_after

Answer = Callable[[httpx2.Request], httpx2.Response]


def http(*answers: Answer | int) -> tuple[Http, list[httpx2.Request]]:
    """Return an account that answers in this order, the last for ever, and what it was asked."""
    asked: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        answer = answers[min(len(asked), len(answers)) - 1]
        return httpx2.Response(answer) if isinstance(answer, int) else answer(request)

    return Http(
        "https://tool.example.com/", lambda content: {}, httpx2.MockTransport(handle)
    ), asked


def hang_up(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ReadError("ann@example.com hung up", request=request)


def good(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, json={"ok": True})


def half(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, content=b'{"ok": tr')


@pytest.mark.parametrize("first", [408, 429, 500, 502, 503, 504, hang_up, half])
def test_what_may_pass_is_tried_again(first: Answer | int) -> None:
    account, asked = http(first, good)
    assert account.call("GET", "x") == {"ok": True}
    assert len(asked) == 2


@pytest.mark.parametrize("always", [429, 503, hang_up, half])
def test_what_does_not_pass_is_no_answer(always: Answer | int) -> None:
    account, asked = http(always)
    with pytest.raises(Unreachable) as caught:
        account.call("POST", "x", body={"email": "ann@example.com"})
    assert "@" not in str(caught.value)
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, Fatal), (403, Fatal), (404, NotThere), (400, Refused), (422, Refused), (302, Refused)],
)
def test_what_will_not_pass_is_not_tried_again(status: int, error: type[Exception]) -> None:
    account, asked = http(status)
    with pytest.raises(error):
        account.call("GET", "x")
    assert len(asked) == 1


def test_nothing_that_is_sent_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    account, _ = http(503, good)
    with caplog.at_level(logging.DEBUG, "stamina"):
        account.call("POST", "x", body={"email": "ann@example.com"})
    assert "ann@" not in caplog.text


def test_the_tool_says_how_long_to_wait() -> None:
    assert _pause(_Again("", 7.0)) == 7.0
    assert _pause(_Again("")) is True
    assert _pause(_Again("", 3600.0)) is False
    assert _pause(ValueError()) is False
    assert _retry_after(httpx2.Response(429, headers={"Retry-After": "12"})) == 12.0
    dates = {
        "Retry-After": "Wed, 01 Jul 2026 05:00:30 GMT", "Date": "Wed, 01 Jul 2026 05:00:00 GMT",
    }  # fmt: skip
    assert _retry_after(httpx2.Response(429, headers=dates)) == 30.0
    assert _retry_after(httpx2.Response(429, headers={"Retry-After": "soon"})) is None


def test_no_secret_stands_in_what_is_printed() -> None:
    account = Http("https://tool.example.com/", lambda content: {"Key": "secret"})
    assert "secret" not in repr(account)
