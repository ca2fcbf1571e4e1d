"""Who is on call reads what failed, since when, and what is stale."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import dagster as dg
import pytest
from kohorte.errors import KohorteError

from orchestration.alerts.sensor import VARIABLE, _post, failure_sensor
from orchestration.alerts.words import Failed, failure_words


@dg.asset
def orders() -> None:
    """Fails unless told otherwise."""
    raise dg.Failure("orders: 3 tests failed")


@dg.asset(deps=[orders])
def publication() -> None:
    """Would come after."""


def alerted(monkeypatch: pytest.MonkeyPatch, address: str | None) -> list[tuple[str, str]]:
    """Return what the sensor sends for a run that fails."""
    sent: list[tuple[str, str]] = []
    sensor = failure_sensor(lambda *told: sent.append(told))
    if address:
        monkeypatch.setenv(VARIABLE, address)
    else:
        monkeypatch.delenv(VARIABLE, raising=False)
    instance = dg.DagsterInstance.ephemeral()
    job = dg.Definitions(
        assets=[orders, publication], jobs=[dg.define_asset_job("build")]
    ).resolve_job_def("build")
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    context = dg.build_run_status_sensor_context(
        sensor_name="alert",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
    ).for_run_failure()
    sensor(context)
    return sent


def test_a_failed_run_is_told_with_what_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    ((address, words),) = alerted(monkeypatch, "https://alerts.example.com/x")
    assert address == "https://alerts.example.com/x"
    lines = words.splitlines()
    assert lines[0] == "Kohorte: the job build failed; it succeeded last: never"
    assert lines[1] == "- orders: orders: 3 tests failed"
    assert lines[2] == "Not brought up to date: publication, orders"


def test_without_an_address_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert alerted(monkeypatch, None) == []


def test_no_row_is_told_of() -> None:
    reason = (
        "Conversion Error: Could not convert string 'Ann Berg' to INT32; duplicate key"
        ' "email: ann.berg@mail.example.com" in table dim_customers'
    )
    words = failure_words("build", "r1", [Failed("dbt_models", reason)], [], None)
    assert "Ann" not in words
    assert "ann.berg" not in words
    assert "to INT32" in words
    assert "table dim_customers" in words


def test_long_reasons_and_lists_are_cut() -> None:
    words = failure_words(
        "build", "r1", [Failed("dbt_models", "x \n" * 1000)], [f"m{n}" for n in range(40)],
        datetime(2026, 7, 1, 4, 12, tzinfo=UTC),
    )  # fmt: skip
    assert len(words) < 1500
    assert "succeeded last: 2026-07-01 04:12 UTC" in words
    assert "m11 and 28 more" in words


def test_the_post_is_what_slack_takes() -> None:
    received: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200 if self.path == "/good" else 500)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        _post(f"{address}/good", "hello")
        with pytest.raises(KohorteError) as trouble:
            _post(f"{address}/secret", "hello")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert received[0] == b'{"text":"hello"}'
    assert "secret" not in str(trouble.value)
