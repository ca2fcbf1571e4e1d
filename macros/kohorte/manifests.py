"""What dbt reads of a project, kept for runs that differ in data and `as_of` alone.

Reading a project takes dbt longer than running a small one, and it reads anew whenever a
var changes. A manifest that is given to it is not read; but a run writes into it, so each
run gets its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

#: The file, in the target folder, that dbt keeps it in.
FILE = "partial_parse.msgpack"


def manifest_of(saved: bytes) -> Manifest:
    """Return the manifest that dbt saved in its target folder, ready to be run."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    manifest = Manifest.from_msgpack(saved, decoder=extended_mashumuro_decoder)
    manifest.build_flat_graph()  # type: ignore[no-untyped-call]
    return manifest
