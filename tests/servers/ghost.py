"""A Ghost of the tests' own: on loopback, with SQLite in a temporary folder, stopped again."""

from __future__ import annotations

import os
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

INSTALL = Path(__file__).with_name("install_ghost.sh")
FOLDER = Path(__file__).resolve().parents[2] / ".ghost"
_INSTALL_SECONDS, _START_SECONDS = 1200, 60


@dataclass(frozen=True)
class Ghost:
    """Where it is, and an Admin API key (`id:secret`)."""

    url: str
    key: str


@contextmanager
def ghost_server() -> Iterator[Ghost]:
    """Start a Ghost with an owner, and yield it with a key.

    Skips the test when there is none and none can be installed.
    """
    if not (FOLDER / "installed").exists():
        print(f"installing Ghost into {FOLDER} (once)", file=sys.stderr, flush=True)
        try:
            subprocess.run(
                [INSTALL, FOLDER], check=True, capture_output=True, timeout=_INSTALL_SECONDS
            )
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(
                f"no Ghost: {INSTALL.name} needs Node 20, a compiler and a network: {error}"
            )
    data = Path(tempfile.mkdtemp(prefix="kohorte-ghost-"))
    try:
        yield from _running(data)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _running(data: Path) -> Iterator[Ghost]:
    package = FOLDER / "package"
    shutil.copytree(package / "content", data / "content")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "NODE_ENV": "production",
        "url": f"{url}/",
        "server__host": "127.0.0.1",
        "server__port": str(port),
        "database__client": "sqlite3",
        "database__connection__filename": str(data / "ghost.db"),
        "database__useNullAsDefault": "true",
        "paths__contentPath": str(data / "content"),
        "mail__transport": "Direct",
        "logging__level": "error",
        "privacy__useUpdateCheck": "false",
        "privacy__useGravatar": "false",
    }
    subprocess.run(
        ["node_modules/.bin/knex-migrator-init"],
        cwd=package, env=environment, check=True, capture_output=True,
    )  # fmt: skip
    with (data / "log").open("wb") as log:
        server = subprocess.Popen(
            ["node", "index.js"], cwd=package, env=environment, stdout=log, stderr=log
        )
        try:
            _wait(server, url, data / "log")
            yield Ghost(url, _set_up(url))
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until the server answers; it says 503 while it starts."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            if httpx2.get(f"{url}/ghost/api/admin/site/").status_code == httpx2.codes.OK:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.2)
    pytest.fail(f"Ghost did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _set_up(url: str) -> str:
    """Make an owner and an integration by the API; return the integration's key."""
    password = secrets.token_urlsafe(16)
    who = {"name": "Owner", "email": "owner@example.com", "password": password}
    with httpx2.Client(base_url=f"{url}/ghost/api/admin/", headers={"Origin": url}) as client:
        setup = {"setup": [{**who, "blogTitle": "Test"}]}
        client.post("authentication/setup/", json=setup).raise_for_status()
        login = {"username": who["email"], "password": password}
        client.post("session/", json=login).raise_for_status()
        made = client.post(
            "integrations/",
            params={"include": "api_keys"},
            json={"integrations": [{"name": "Kohorte"}]},
        ).raise_for_status()
    (integration,) = made.json()["integrations"]
    return str(next(key["secret"] for key in integration["api_keys"] if key["type"] == "admin"))


def main() -> None:
    """Run a Ghost until Ctrl-C, and say how `kohorte sync` reaches it."""
    try:
        with ghost_server() as ghost:
            print(f"export KOHORTE_GHOST_URL={ghost.url} KOHORTE_GHOST_KEY={ghost.key}")
            print("it is empty, and gone when you stop it with Ctrl-C", file=sys.stderr, flush=True)
            while True:
                time.sleep(1)
    except KeyboardInterrupt:
        pass
    except pytest.skip.Exception as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
