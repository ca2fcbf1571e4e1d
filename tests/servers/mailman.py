"""A GNU Mailman 3 of the tests' own: its REST server alone, on loopback, stopped again."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.servers.ports import free_port

LOCK = Path(__file__).with_name("mailman.lock")
FOLDER = Path(__file__).resolve().parents[2] / ".venv-mailman"
_INSTALL_SECONDS, _START_SECONDS = 600, 60


@dataclass(frozen=True)
class Mailman:
    """Where its API is, and the password of the user `admin`."""

    url: str
    password: str


@contextmanager
def mailman_server() -> Iterator[Mailman]:
    """Start a Mailman with the domain example.com, and yield it.

    Skips the test when there is none and none can be installed.
    """
    if not (FOLDER / "installed").exists():
        print(f"installing Mailman into {FOLDER} (once)", file=sys.stderr, flush=True)
        try:
            _install()
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"no Mailman: it is installed from PyPI, with a network: {error}")
    data = Path(tempfile.mkdtemp(prefix="kohorte-mailman-"))
    try:
        yield from _running(data)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _install() -> None:
    """Install the pinned packages; they clash with the project's own."""
    for command in (
        [sys.executable, "-m", "venv", FOLDER],
        [FOLDER / "bin/python", "-m", "pip", "install", "--quiet", "--requirement", LOCK],
    ):
        subprocess.run(command, check=True, capture_output=True, timeout=_INSTALL_SECONDS)
    (FOLDER / "installed").touch()


def _running(data: Path) -> Iterator[Mailman]:
    port, password = free_port(), secrets.token_urlsafe(16)
    url = f"http://127.0.0.1:{port}/3.1/"
    settings = data / "mailman.cfg"
    settings.write_text(
        f"""
[mailman]
layout: here
site_owner: owner@example.com
[paths.here]
var_dir: {data}/var
[webservice]
hostname: 127.0.0.1
port: {port}
admin_user: admin
admin_pass: {password}
[mta]
incoming: mailman.mta.null.NullMTA
outgoing: mailman.mta.null.NullMTA
[database]
url: sqlite:///{data}/mailman.db
""",
        encoding="utf-8",
    )
    with (data / "log").open("wb") as log:
        server = subprocess.Popen(
            [FOLDER / "bin/runner", "-C", settings, "-r", "rest:0:1"],
            cwd=data, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            _wait(server, url, ("admin", password), data / "log")
            domain = {"mail_host": "example.com"}
            httpx2.post(f"{url}domains", json=domain, auth=("admin", password)).raise_for_status()
            yield Mailman(url, password)
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait(server: subprocess.Popen[bytes], url: str, who: tuple[str, str], log: Path) -> None:
    """Wait until the server answers."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            if httpx2.get(f"{url}system/versions", auth=who).status_code == httpx2.codes.OK:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.2)
    pytest.fail(f"Mailman did not start:\n{log.read_text(errors='replace')[-2000:]}")
