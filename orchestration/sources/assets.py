"""Every raw table as an asset that somebody else makes, and what was seen of its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.sources.files import source_files, version_of
from orchestration.transform.translator import Translator

_DATA_VERSION, _UPDATED = "dagster/data_version", "dagster/last_updated_timestamp"


def raw_tables(manifest: Mapping[str, Any]) -> list[dg.AssetSpec]:
    """Return the raw tables of all enabled systems."""
    translator = Translator()
    return [
        dg.AssetSpec(
            translator.get_asset_key(source),
            group_name=translator.get_group_name(source),
            description=translator.get_description(source),
        )
        for source in manifest["sources"].values()
    ]


def raw_observations(root: Path, manifest: Mapping[str, Any]) -> Iterator[dg.AssetObservation]:
    """Yield what there is of each raw table that dbt reads from files.

    A build begins with these, so that it is known later what it was built from. The
    version changes with the files, and only then.
    """
    translator = Translator()
    for source, files in source_files(root, manifest):
        yield dg.AssetObservation(
            translator.get_asset_key(source),
            metadata={
                "files": len(files),
                "bytes": sum(path.stat().st_size for path in files),
                **({_UPDATED: _newest(files)} if files else {}),
            },
            tags={_DATA_VERSION: version_of(files)},
        )


def _newest(files: Iterable[Path]) -> dg.TimestampMetadataValue:
    """Return when the last of the files was written: Dagster shows how fresh a table is."""
    return dg.MetadataValue.timestamp(max(path.stat().st_mtime for path in files))
