"""Write a spec for a new segment, to be filled in."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

from kohorte.analyst.evaluation import read_definitions
from kohorte.errors import KohorteError
from kohorte.segments.segment import MAX_NAME

_DEFAULT_WHERE = "net_revenue_365d: {gte: 100}"

_TEMPLATE = """\
version: 1

segments:
  {name}:
    label: {label}
    {description}
    {owner}
    # One condition, or a list of which all must hold; docs/segments.md shows what there is.
    where:
{where}
    # exclude: [another_segment, a_manual_list]
    # expect: {{members: {{min: 10}}, change: {{max: 30%}}}}

# A customer in a few words, and where they belong; kohorte test runs these.
# tests:
#   - name: somebody who is in
#     customer: {{net_revenue_365d: 150}}
#     is_in: {name}
"""


def write_new(
    root: Path, label: str, where: str | None, description: str, owner: str, out: Path | None
) -> tuple[Path, str]:
    """Write the spec, unless it would not be valid; return the file and the segment's name.

    Raises KohorteError when the name is taken or the file is there, SpecErrors for a
    mistake in `where`.
    """
    name = name_of(label)
    definitions = read_definitions(root)
    if name in definitions.names():
        raise KohorteError(f"there is a segment `{name}` already; give the new one another label")
    path = out or definitions.project.specs / f"{name}.yml"
    text = _text(name, label, where or _DEFAULT_WHERE, description, owner)
    read_definitions(root, (str(path), text))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise KohorteError(f"{path} is there already; name another with --out") from None
    except OSError as error:
        raise KohorteError(f"{path}: cannot be written: {error.strerror}") from None
    return path, name


def name_of(label: str) -> str:
    """Return the name that a label makes: lower-case letters, digits, single underscores."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:MAX_NAME].strip("_")
    if not name or not name[0].isalpha():
        raise KohorteError("a label needs a letter at the front, to make a name of")
    return name


def _text(name: str, label: str, where: str, description: str, owner: str) -> str:
    return _TEMPLATE.format(
        name=name,
        label=_quoted(label),
        description=_line("description", description, "What it is for."),
        owner=_line("owner", owner, "Who is asked about it."),
        where="\n".join(f"      {line}" for line in where.splitlines()),
    )


def _line(key: str, text: str, meaning: str) -> str:
    return f"{key}: {_quoted(text)}" if text else f"# {key}: {meaning}"


def _quoted(text: str) -> str:
    """Return a text as YAML that can mean nothing else: JSON is YAML."""
    return json.dumps(text, ensure_ascii=False)
