"""A build when raw files arrive or specs change, once each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.sources.files import source_files, version_of

_SECONDS = 15
_SPECS = "segments"


def raw_files(root: Path, manifest: Mapping[str, Any]) -> list[Path]:
    """Return the files that the raw tables are read from now."""
    return sorted({path for _, files in source_files(root, manifest) for path in files})


def spec_files(root: Path) -> list[Path]:
    """Return the files that segments and audiences are declared in."""
    return sorted((root / _SPECS).rglob("*.y*ml"))


def raw_files_sensor(
    root: Path, manifest: Mapping[str, Any], job: dg.UnresolvedAssetJobDefinition
) -> dg.SensorDefinition:
    """Return the sensor that builds when the raw files are others than last time."""
    return _sensor(
        "raw_files_arrived",
        "Build when raw files were added, changed or taken away, once they are at rest.",
        job,
        lambda: raw_files(root, manifest),
    )


def specs_sensor(root: Path, job: dg.UnresolvedAssetJobDefinition) -> dg.SensorDefinition:
    """Return the sensor that builds when a spec was changed."""
    return _sensor(
        "specs_changed",
        "Build when a file in segments/ was changed, once it is at rest.",
        job,
        lambda: spec_files(root),
    )


def _sensor(
    name: str,
    description: str,
    job: dg.UnresolvedAssetJobDefinition,
    files: Callable[[], list[Path]],
) -> dg.SensorDefinition:
    @dg.sensor(
        name=name,
        job=job,
        description=description,
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
    )
    def arrived(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        found = files()
        if not found:
            yield dg.SkipReason("there are no files")
            return
        seen, asked = version_of(found), _cursor(context.cursor)
        context.update_cursor(json.dumps({"seen": seen, "asked": asked.get("asked")}))
        if seen == asked.get("asked"):
            yield dg.SkipReason("nothing changed since the last build that was asked for")
        elif seen != asked.get("seen"):
            yield dg.SkipReason("files changed; waiting until they are written to the end")
        else:
            context.update_cursor(json.dumps({"seen": seen, "asked": seen}))
            # Dagster starts one run for a key, whatever becomes of the cursor.
            yield dg.RunRequest(run_key=f"{name}-{seen}", tags={"kohorte/files": seen})

    return arrived


def _cursor(text: str | None) -> dict[str, str | None]:
    """Return what the last look saw, and what was asked for last; a strange cursor is none."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
