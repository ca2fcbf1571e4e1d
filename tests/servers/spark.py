"""A Spark session in a process and an environment of its own: it brings its own Java world.

Run as a program, it answers queries: a JSON string on a line in, a JSON object on a line out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ENVIRONMENT = "KOHORTE_SPARK_PYTHON"


@contextmanager
def spark_process() -> Iterator[subprocess.Popen[str]]:
    """Start the process; skip the test when no Python with Spark is named."""
    import pytest

    python = os.environ.get(ENVIRONMENT)
    if not python:
        pytest.skip("Spark is run by `make test-spark`")
    with subprocess.Popen(
        [python, Path(__file__)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdin
        yield process
        process.stdin.close()


def main() -> None:
    """Answer queries until there are no more."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.master": "local[2]",
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.catalogImplementation": "in-memory",
    }
    builder = SparkSession.builder.appName("kohorte")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    for line in sys.stdin:
        try:
            rows = [list(row) for row in session.sql(json.loads(line)).collect()]
            answer: dict[str, object] = {"rows": rows}
        except Exception as error:
            answer = {"error": str(error)}
        print(json.dumps(answer, default=str), flush=True)
    session.stop()


if __name__ == "__main__":
    main()
