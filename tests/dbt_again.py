"""dbt as a process, on a project that was read before: python -m tests.dbt_again FILE ARGUMENTS.

What was read names folders of raw files that do not exist; the run's own take their place.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

RAW_OF_A_RUN = "/raw-of-a-run"


def main(read: Path, arguments: list[str]) -> int:
    """Run dbt; return 0 if all went well."""
    from dbt.cli.main import dbtRunner
    from kohorte.dbt_runs import manifest_of

    manifest = manifest_of(read.read_bytes())
    variables = json.loads(arguments[arguments.index("--vars") + 1])
    _move(manifest, variables["raw"])
    return 0 if dbtRunner(manifest).invoke(arguments).success else 1


def _move(manifest: Manifest, raw: Mapping[str, str]) -> None:
    """Have the sources read from the run's own folders."""
    for source in manifest.sources.values():
        for holder in (source.meta, source.config.meta, source.source_meta):
            _replace(holder, raw)


def _replace(meta: dict[str, Any], raw: Mapping[str, str]) -> None:
    text = meta.get("external_location")
    for system, folder in raw.items():
        if text:
            text = text.replace(f"{RAW_OF_A_RUN}/{system}/", f"{folder}/")
    if text:
        meta["external_location"] = text


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
