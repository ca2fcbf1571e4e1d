"""Read the spec files into what they declare, by name, before any of it is resolved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kohorte.catalog import NAME, Catalog, Entity
from kohorte.document import Mapping as MappingNode
from kohorte.document import Node, Scalar, Sequence, read_document, read_text
from kohorte.errors import Place, Problem, SpecErrors, shown
from kohorte.reader import Reader
from kohorte.segments.segment import DEFAULT_ENTITY, MAX_NAME, REACHED_SUFFIX

SECTIONS = ("segments", "ladders", "waterfalls")
AUDIENCES = "audiences"
FILE_KEYS = ("version", "owner", *SECTIONS, AUDIENCES, "tests")
SUFFIXES = (".yml", ".yaml")


@dataclass(frozen=True)
class Declared:
    """A segment, ladder or waterfall as a file declares it, not yet read."""

    section: str
    key: Scalar
    node: Node
    owner: str

    def entity(self) -> str:
        """Return the name of the entity that it is about, which may not exist."""
        node = self.node.get("entity") if isinstance(self.node, MappingNode) else None
        return str(getattr(node, "value", "")) if node else DEFAULT_ENTITY

    def was(self) -> str | None:
        """Return the name that it says it had before, if that can be one."""
        node = self.node.get("was") if isinstance(self.node, MappingNode) else None
        name = getattr(node, "value", None)
        return name if isinstance(name, str) and NAME.fullmatch(name) else None

    def names(self) -> list[str]:
        """Return the segments that it declares: itself, its tiers or its branches."""
        name = str(self.key.value)
        inner = {"ladders": "tiers", "waterfalls": "first_match"}.get(self.section)
        if inner is None:
            return [name]
        node = self.node.get(inner) if isinstance(self.node, MappingNode) else None
        if isinstance(node, MappingNode):
            return [f"{name}__{key}" for key in node.names()]
        items = node.items if isinstance(node, Sequence) else ()
        return [f"{name}__{item.value}" for item in items if isinstance(item, Scalar)]

    def all_names(self) -> list[str]:
        """Return its segments, and those by which a ladder with grace remembers."""
        has_grace = isinstance(self.node, MappingNode) and self.node.get("grace") is not None
        names = self.names()
        if self.section != "ladders" or not has_grace:
            return names
        return [*names, *(name + REACHED_SUFFIX for name in names)]


@dataclass(frozen=True)
class Files:
    """What all files declare, by name, and the mistakes outside of what they declare."""

    declared: dict[str, Declared] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    #: Audiences by name; their names are apart from those of the segments.
    audiences: dict[str, Declared] = field(default_factory=dict)
    #: Unit tests of segments, not yet read.
    tests: list[Node] = field(default_factory=list)
    #: The names that are declared twice; the first declaration is in `declared`.
    twice: dict[str, Problem] = field(default_factory=dict)


def former_names(declared: Collection[Declared]) -> dict[str, str]:
    """Return the name before of each renamed segment; one that is in doubt is left out."""
    taken = {name for entry in declared for name in entry.all_names()}
    found: dict[str, str] = {}
    for entry in declared:
        was = entry.was()
        for name in entry.all_names() if was else ():
            found[name] = f"{was}{name.removeprefix(str(entry.key.value))}"
    heirs = Counter(found.values())
    return {name: was for name, was in found.items() if was not in taken and heirs[was] == 1}


def read_files(folder: Path) -> Files:
    """Read every spec file of a folder; mistakes are recorded, nothing is raised."""
    files = Files()
    for document in _documents(folder, files.problems):
        _declare_file(document, files)
    return files


def read_draft(text: str, shown_as: str) -> Files:
    """Read a spec that is not one of the folder's, under the name that messages give it.

    Raises SpecErrors with the mistakes outside of what it declares.
    """
    files = Files()
    node = read_text(text, shown_as)
    if not isinstance(node, MappingNode):
        place = node.place if node is not None else Place(shown_as)
        raise SpecErrors([Problem(place, "not a spec", ", ".join(FILE_KEYS))])
    _declare_file(node, files)
    if files.problems or files.twice:
        raise SpecErrors([*files.problems, *files.twice.values()])
    return files


def _declare_file(document: MappingNode, files: Files) -> None:
    """Add what one file declares."""
    reader = file_reader(files.problems)
    with reader.tolerant():
        parts = reader.fields(document, required=("version",), optional=FILE_KEYS[1:])
        version = getattr(parts["version"], "value", None)
        if version is True or version != 1:
            raise reader.fail(parts["version"], "an unknown version", "version: 1")
        owner = reader.text(parts["owner"]) if "owner" in parts else ""
        for section in SECTIONS:
            if section in parts:
                _declare_all(section, parts[section], owner, files.declared, files.twice, reader)
        if AUDIENCES in parts:
            twice: dict[str, Problem] = {}
            _declare_all(AUDIENCES, parts[AUDIENCES], owner, files.audiences, twice, reader)
            files.problems.extend(twice.values())
        if "tests" in parts:
            files.tests.extend(reader.items(parts["tests"]))


def _declare_all(
    section: str,
    node: Node,
    owner: str,
    declared: dict[str, Declared],
    twice: dict[str, Problem],
    reader: Reader,
) -> None:
    """Add the entries of one section."""
    with reader.tolerant():
        for key, value in reader.mapping(node, "a name").entries:
            entry = Declared(section, key, value, owner)
            name = str(key.value)
            if not NAME.fullmatch(name) or "__" in name or len(name) > MAX_NAME:
                expected = f"lower-case letters, digits, single underscores, at most {MAX_NAME}"
                reader.fail(key, f"`{shown(name)}` cannot be a name", expected)
            elif name in declared:
                first = declared[name].key.place
                message = f"`{name}` is declared at {first} already"
                twice[name] = Problem(key.place, message, "another name")
            else:
                declared[name] = entry


def spec_files(folder: Path) -> list[Path]:
    """Return the spec files of a folder and those below, in a stable order."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)


def declared_names(folder: Path) -> list[str]:
    """Return every name that a spec declares, also where specs hold mistakes."""
    declared = read_files(folder).declared.values()
    names = {name for entry in declared for name in entry.names()}
    return sorted(name for name in names if NAME.fullmatch(name))


def _documents(folder: Path, problems: list[Problem]) -> Iterator[MappingNode]:
    """Yield the tree of each file that can be read."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and path.is_dir():
            place = Place(str(path.relative_to(folder.parent)))
            problems.append(Problem(place, "a link to a folder, which is not followed"))
    for path in spec_files(folder):
        shown_as = str(path.relative_to(folder.parent))
        if shown_as.encode(errors="ignore").decode() != shown_as:
            place = Place(shown(shown_as))
            problems.append(Problem(place, "the file's name is not UTF-8", "another name"))
            continue
        try:
            node = read_document(path, shown_as)
        except SpecErrors as error:
            problems += error.problems
            continue
        except OSError as error:
            problems.append(Problem(Place(shown_as), f"cannot be read: {error.strerror}"))
            continue
        if isinstance(node, MappingNode):
            yield node
        elif node is not None:
            problems.append(Problem(node.place, "not a spec", ", ".join(FILE_KEYS)))


def file_reader(problems: list[Problem], told: int = 0) -> Reader:
    """Return a reader for what stands outside of segments."""
    return Reader(Catalog(), Entity("", "", "", {}), {}, frozenset(), problems, told=told)
