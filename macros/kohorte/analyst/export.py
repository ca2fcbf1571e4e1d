"""Write a segment's members to a file."""

from __future__ import annotations

import os
from pathlib import Path

from kohorte.analyst.evaluation import Definitions, evaluate
from kohorte.analyst.warehouse import Warehouse
from kohorte.errors import KohorteError
from kohorte.segments.segment import Segment

FORMATS = {
    "csv": "(format csv, header, use_tmp_file false)",
    "parquet": "(format parquet, use_tmp_file false)",
    "jsonl": "(format json, array false, use_tmp_file false)",
}
_TABLE = "exported"
_PERSONAL = ("email", "phone", "first_name", "last_name")


def export(
    warehouse: Warehouse,
    definitions: Definitions,
    segment: Segment,
    out: Path,
    file_format: str,
    *,
    show_personal: bool = False,
) -> int:
    """Write the members, in order of their keys; return how many there are.

    Names and addresses are left out unless asked for; then only the owner may read the
    file. A file that cannot be finished is not left behind. Raises KohorteError when it
    cannot be written.
    """
    if file_format not in FORMATS:
        raise KohorteError(f"format `{file_format}` is unknown; write {', '.join(FORMATS)}")
    if out.exists() and not out.is_file():
        raise KohorteError(f"{out}: cannot be written: it is there, and no file")
    entity = definitions.catalog.entities[segment.entity]
    evaluate(warehouse, definitions, definitions.closure([segment]), _TABLE)
    columns = [f"members.key as {entity.key}", "members.variant"]
    join = ""
    if show_personal and entity.key == "customer_id":
        known = set(warehouse.columns("dim_customers"))
        columns += [f"people.{name}" for name in _PERSONAL if name in known]
        join = "left join dim_customers as people on people.customer_id = members.key"
    query = (
        f"select {', '.join(columns)} from {_TABLE} as members {join}"
        f" where members.segment = '{segment.name}' order by members.key"
    )
    unfinished = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        unfinished.touch(mode=0o600 if show_personal else 0o644)
        path = str(unfinished).replace("'", "''")
        warehouse.run(f"copy ({query}) to '{path}' {FORMATS[file_format]}")
        unfinished.replace(out)
    except OSError as error:
        raise KohorteError(f"{out}: cannot be written: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)
    found = warehouse.rows(f"select count(*) from {_TABLE} where segment = '{segment.name}'")
    return int(found[0][0])
