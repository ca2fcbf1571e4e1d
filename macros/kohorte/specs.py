"""Read all spec files into segments that are resolved against the catalog."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kohorte.audiences import Audience, check_audience, read_audience
from kohorte.catalog import Catalog, Entity
from kohorte.document import Node
from kohorte.errors import Problem, SpecErrors, shown
from kohorte.examples import Example, read_example
from kohorte.reader import Reader
from kohorte.segments import ladder, single, waterfall
from kohorte.segments.files import (
    Declared,
    Files,
    file_reader,
    former_names,
    read_draft,
    read_files,
)
from kohorte.segments.hashes import definition_hash
from kohorte.segments.order import Circle, in_order
from kohorte.segments.segment import DEFAULT_ENTITY, Segment

_ReadEntry = Callable[[Declared, Mapping[str, Node], Reader], list[Segment]]
#: The keys of an entry in each section of a file, and what reads it.
_SECTIONS: Mapping[str, tuple[tuple[str, ...], _ReadEntry]] = {
    "segments": (single.KEYS, single.read_segment),
    "ladders": (ladder.KEYS, ladder.read_ladder),
    "waterfalls": (waterfall.KEYS, waterfall.read_waterfall),
}


@dataclass(frozen=True)
class SetAside:
    """A segment that cannot be evaluated; without a name, all that its file declares."""

    name: str
    path: str
    reason: str
    #: The name that it had before, whose history goes on under the new one.
    was: str | None = None


@dataclass(frozen=True)
class Specs:
    """All segments, each after those that it uses, with their definition hashes."""

    segments: tuple[Segment, ...]
    hashes: Mapping[str, str]
    set_aside: tuple[SetAside, ...] = ()
    problems: tuple[Problem, ...] = ()
    #: The unit tests of those that are not set aside.
    examples: tuple[Example, ...] = ()
    #: By name; one that holds a mistake is in `audiences_aside` instead.
    audiences: tuple[Audience, ...] = ()
    audiences_aside: tuple[SetAside, ...] = ()


def read_specs(
    folder: Path,
    catalog: Catalog,
    *,
    set_aside: bool = False,
    draft: tuple[str, str] | None = None,
) -> Specs:
    """Read every spec below a folder.

    Raises SpecErrors with every mistake of every file. With `set_aside`, segments that
    hold a mistake, and those that use them, are named in the result instead. A draft (the
    name for messages, and the text) replaces what bears the same name; its mistakes raise
    in any case.
    """
    files = read_files(folder)
    if draft:
        _add_draft(*draft, files)
    names: dict[str, set[str]] = {}
    for entry in files.declared.values():
        names.setdefault(entry.entity(), set()).update(entry.names())
    problems = [*files.problems, *files.twice.values()]
    broken = {
        part: problem
        for name, problem in files.twice.items()
        for part in files.declared[name].all_names()
    }
    segments: dict[str, Segment] = {}
    for entry in files.declared.values():
        own: list[Problem] = []
        reader = file_reader(own, told=len(problems))
        read = _read_entry(entry, catalog, names[entry.entity()], reader)
        segments |= {segment.name: segment for segment in read}
        broken |= {name: own[0] for name in entry.all_names() if own}
        problems += own
    _check_renames(segments.values(), names, problems, broken)
    examples = _examples(files, catalog, names, problems)
    audiences, audiences_aside = _audiences(
        files, catalog, names.get(DEFAULT_ENTITY, frozenset()), segments, problems
    )
    ordered = _ordered(segments, broken, problems)
    drafted = [problem for problem in problems if draft and problem.place.path == draft[0]]
    if drafted or (problems and not set_aside):
        raise SpecErrors(drafted or problems)
    hashes: dict[str, str] = {}
    for segment in ordered:
        hashes[segment.name] = definition_hash(segment, hashes)
    aside = [SetAside("", p.place.path, p.message) for p in sorted(set(files.problems))]
    former = former_names(files.declared.values())
    aside += [
        SetAside(name, broken[name].place.path, broken[name].message, former.get(name))
        for name in sorted(broken)
    ]
    sound = {segment.name for segment in ordered}
    tested = tuple(e for e in examples if sound.issuperset((*e.is_in, *e.is_not_in)))
    return Specs(
        tuple(ordered), hashes, tuple(aside), tuple(sorted(set(problems))), tested,
        tuple(audiences), tuple(audiences_aside),
    )  # fmt: skip


def _add_draft(shown_as: str, text: str, files: Files) -> None:
    """Put what a draft declares in the place of what bears the same names."""
    declared = read_draft(text, shown_as).declared
    files.declared.update(declared)
    for name in declared:
        files.twice.pop(name, None)


def _examples(
    files: Files,
    catalog: Catalog,
    names: Mapping[str, Collection[str]],
    problems: list[Problem],
) -> list[Example]:
    """Read the unit tests of all files; mistakes are added to the problems."""
    if not files.tests or DEFAULT_ENTITY not in catalog.entities:
        return []
    entity = catalog.entities[DEFAULT_ENTITY]
    examples = []
    for node in files.tests:
        own: list[Problem] = []
        reader = replace(
            file_reader(own, told=len(problems)),
            catalog=catalog, entity=entity, columns=entity.attributes,
            segments=names.get(DEFAULT_ENTITY, frozenset()),
        )  # fmt: skip
        with reader.tolerant():
            examples.append(read_example(node, reader))
        problems += own
    return examples


def _audiences(
    files: Files,
    catalog: Catalog,
    names: Collection[str],
    segments: Mapping[str, Segment],
    problems: list[Problem],
) -> tuple[list[Audience], list[SetAside]]:
    """Read the audiences of all files; mistakes are added to the problems."""
    audiences: list[Audience] = []
    aside = []
    customers = catalog.entities.get(DEFAULT_ENTITY, Entity(DEFAULT_ENTITY, "", "", {}))
    for name, entry in sorted(files.audiences.items()):
        own: list[Problem] = []
        reader = file_reader(own, told=len(problems))
        with reader.tolerant():
            reader = replace(reader, catalog=catalog, entity=customers, segments=names)
            audience = read_audience(entry, reader)
            own += check_audience(audience, segments, audiences)
            if not own:
                audiences.append(audience)
        if own:
            aside.append(SetAside(name, own[0].place.path, own[0].message))
        problems += own
    return audiences, aside


def _check_renames(
    segments: Iterable[Segment],
    names: Mapping[str, Collection[str]],
    problems: list[Problem],
    broken: dict[str, Problem],
) -> None:
    """Record every `was` that names a segment that is still there, or stands twice."""
    declared = {name for own in names.values() for name in own}
    heirs = Counter(segment.was for segment in segments if segment.was)
    for segment in segments:
        problem = None
        if segment.was in declared:
            message = f"was `{shown(segment.was)}`, which is declared as well"
            problem = Problem(segment.place, message, "a name that is no longer used")
        elif segment.was and heirs[segment.was] > 1:
            message = f"was `{shown(segment.was)}`, and so was another"
            problem = Problem(segment.place, message, "one heir for a history")
        if problem:
            problems.append(problem)
            broken[segment.name] = problem


def _ordered(
    segments: dict[str, Segment], broken: dict[str, Problem], problems: list[Problem]
) -> list[Segment]:
    """Return the sound segments in order; adds circles to the problems, users to the broken."""
    while True:
        sound = {name: segment for name, segment in segments.items() if name not in broken}
        users = {
            name: next(used for used in segment.uses() if used in broken)
            for name, segment in sound.items()
            if any(used in broken for used in segment.uses())
        }
        if users:
            for name, used in users.items():
                message = f"uses `{used}`, which is set aside"
                broken[name] = Problem(segments[name].place, message)
            continue
        try:
            return in_order(sound)
        except Circle as circle:
            message = f"a circle of segments: {' > '.join(circle.path)}"
            problem = Problem(segments[circle.path[0]].place, message, "no way back")
            problems.append(problem)
            broken |= dict.fromkeys(circle.path, problem)


def _read_entry(
    entry: Declared, catalog: Catalog, names: Collection[str], reader: Reader
) -> list[Segment]:
    """Read what one entry declares; nothing if it holds mistakes, which are recorded."""
    known, read = _SECTIONS[entry.section]
    with reader.tolerant():
        parts = reader.fields(entry.node, optional=known)
        reader = _entity_reader(entry, parts, catalog, names, reader)
        segments = read(entry, parts, reader)
        return [] if reader.problems else segments
    return []


def _entity_reader(
    entry: Declared,
    parts: Mapping[str, Node],
    catalog: Catalog,
    names: Collection[str],
    reader: Reader,
) -> Reader:
    """Return a reader that has the attributes of the entry's entity in view."""
    name = reader.text(parts["entity"]) if "entity" in parts else DEFAULT_ENTITY
    if name not in catalog.entities:
        node = parts.get("entity", entry.key)
        message = f"there is no entity `{shown(name)}`"
        raise reader.fail(node, message, ", ".join(catalog.entities), catalog.entities, name)
    entity = catalog.entities[name]
    return replace(
        reader, catalog=catalog, entity=entity, columns=entity.attributes, segments=names
    )
