"""One run at a time has an audience: who has it, and whether it still lives."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

import duckdb
from kohorte.errors import KohorteError

from activation.plan import Audience

#: A run that has not been heard of for so long is given up. One call with all its attempts
#: and pauses takes less.
STALE = timedelta(minutes=15)


def take(
    connection: duckdb.DuckDBPyConnection, audience: Audience, destination: str, now: datetime
) -> int:
    """Return the number of a new run of an audience.

    Raises KohorteError when another one goes on. One whose process is gone, or that was not
    heard of for long, is marked as abandoned.
    """
    others = connection.execute(
        "select run, host, process, heartbeat_at from activation.runs"
        " where audience = ? and destination = ? and state = 'running'",
        [audience.name, destination],
    ).fetchall()
    for run, host, process, heartbeat in others:
        if _is_alive(host, process) and abs(now - heartbeat) <= STALE:
            raise KohorteError(
                f"{audience.name}: run {run} goes on (last sign of it {heartbeat} UTC);"
                " wait for it to end"
            )
        connection.execute(
            "update activation.runs set state = 'abandoned', finished_at = ? where run = ?",
            [now, run],
        )
    ((number,),) = connection.execute(
        "select coalesce(max(run), 0) + 1 from activation.runs"
    ).fetchall()
    connection.execute(
        "insert into activation.runs"
        " (run, audience, destination, state, host, process, as_of, started_at, heartbeat_at,"
        " confirmed, rejected, unknown)"
        " values (?, ?, ?, 'running', ?, ?, ?, ?, ?, 0, 0, 0)",
        [number, audience.name, destination, socket.gethostname(), os.getpid(), audience.as_of,
         now, now],
    )  # fmt: skip
    return int(number)


def renew(
    connection: duckdb.DuckDBPyConnection, audience: Audience, run: int, now: datetime
) -> None:
    """Give a sign of life; raises KohorteError when another run has taken the audience."""
    still = connection.execute(
        "update activation.runs set heartbeat_at = ?"
        " where run = ? and state = 'running' returning 1",
        [now, run],
    ).fetchall()
    if not still:
        raise KohorteError(f"{audience.name}: run {run} was given up by another; it stops")


def _is_alive(host: str, process: int) -> bool:
    """Tell whether a process of this machine is there; of another one, assume so."""
    if host != socket.gethostname():
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
