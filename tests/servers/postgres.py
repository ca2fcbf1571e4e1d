"""A PostgreSQL server of the tests' own: on loopback, in a temporary folder, stopped again."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.servers.ports import free_port

INSTALL = Path(__file__).with_name("install_postgres.sh")
_INSTALL_SECONDS = 300
#: What is lost in a crash of a test's server is lost with the test.
_SETTINGS = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=20")


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server and yield the address to connect to, as libpq takes it.

    Skips the test when there is no server and none can be installed.
    """
    programs = _programs()
    user = _unprivileged_user()
    # Not pytest's folder: another user has to get in.
    folder = Path(tempfile.mkdtemp(prefix="kohorte-postgres-"))
    try:
        password = secrets.token_hex(16)
        password_file = folder / "password"
        password_file.write_text(password, encoding="utf-8")
        if user:
            for path in (folder, password_file):
                shutil.chown(path, user)
        data, port = folder / "data", free_port()
        _run(
            user, programs / "initdb", "--pgdata", data, "--username", "kohorte",
            "--auth", "scram-sha-256", "--pwfile", password_file, "--encoding", "UTF8",
            "--locale", "C.UTF-8", "--no-sync",
        )  # fmt: skip
        options = f"-h 127.0.0.1 -p {port} -k {folder} " + " ".join(f"-c {s}" for s in _SETTINGS)
        control = (programs / "pg_ctl", "--pgdata", data, "--wait")
        _run(user, *control, "--log", folder / "log", "--options", options, "start")
        try:
            yield f"postgresql://kohorte:{password}@127.0.0.1:{port}/postgres"
        finally:
            _run(user, *control, "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """Return the folder of the newest server's programs, installed if need be."""
    found = _installed()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        with suppress(subprocess.SubprocessError):
            subprocess.run([INSTALL], check=True, capture_output=True, timeout=_INSTALL_SECONDS)
        found = _installed()
    if found is None:
        pytest.skip(f"no PostgreSQL server; {INSTALL.name} installs one, as root, with a network")
    return found


def _installed() -> Path | None:
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]) if path.parts[-3].isdecimal() else 0,
    )
    on_path = shutil.which("initdb")
    found = debian[-1] if debian else Path(on_path) if on_path else None
    return found.parent if found else None


def _unprivileged_user() -> str | None:
    """Return whom the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    users = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"


def _run(user: str | None, *command: object) -> None:
    arguments: Sequence[str] = [str(part) for part in command]
    # The server outlives pg_ctl: with a pipe of ours, waiting for its end would not end.
    with tempfile.TemporaryFile() as output:
        status = subprocess.run(
            arguments, user=user, cwd="/", stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, check=False,
        ).returncode  # fmt: skip
        output.seek(0)
        assert status == 0, f"{arguments[0]}: {output.read().decode(errors='replace')}"
