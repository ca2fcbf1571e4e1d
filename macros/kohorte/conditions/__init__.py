"""The conditions, one module a family; each module lists its `CONDITIONS`.

A new family is a new module here: it is found by being here.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from kohorte.conditions.attribute import AttributeTest
from kohorte.conditions.base import Build, Condition
from kohorte.conditions.groups import Group
from kohorte.document import Mapping, Node, Scalar, Sequence
from kohorte.errors import shown
from kohorte.reader import Reader


@cache
def heads() -> dict[str, type[Condition]]:
    """Return the condition that each head introduces."""
    found: dict[str, type[Condition]] = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        for condition in getattr(loaded, "CONDITIONS", ()):
            found |= dict.fromkeys(condition.heads, condition)
    return found


def read_condition(node: Node, reader: Reader) -> Condition:
    """Read a condition, or a list of conditions that must all hold."""
    if isinstance(node, Sequence):
        reader.items(node)
        wrapped = Mapping(node.place, ((Scalar(node.place, "all"), node),))
        return Group.read("all", wrapped, reader, read_condition)
    mapping = reader.mapping(node, "a condition: an attribute, or one of " + ", ".join(heads()))
    found = [key for key in mapping.names() if key in heads()]
    if len(found) > 1:
        message = f"`{found[0]}` and `{found[1]}` in one condition"
        raise reader.fail(mapping.key(found[1]), message, "a list of conditions, one head each")
    if found:
        return heads()[found[0]].read(found[0], mapping, reader, read_condition)
    return _read_attribute(mapping, reader)


def _read_attribute(mapping: Mapping, reader: Reader) -> Condition:
    """Read a test of an attribute; an unknown name may have been meant as a head."""
    key = mapping.entries[0][0]
    if len(mapping.entries) > 1:
        second = mapping.entries[1][0]
        message = f"`{shown(key.value)}` and `{shown(second.value)}` in one condition"
        raise reader.fail(second, message, "a list of conditions, one attribute each")
    name = str(key.value)
    if name not in reader.columns:
        raise reader.fail(
            key,
            f"there is no attribute or condition `{shown(name)}`",
            f"an attribute of {reader.entity.name}, or one of " + ", ".join(heads()),
            [*reader.columns, *heads()],
            name,
        )
    return AttributeTest.read(name, mapping, reader, read_condition)


__all__ = ["Build", "Condition", "heads", "read_condition"]
