"""The shapes of values in a spec, as JSON Schema: what an editor checks and completes.

Editors are not all at the newest draft, so that only what draft-07 and 2020-12 have in
common is used, and nothing but a description stands beside a `$ref`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from kohorte.moments import CALENDAR_UNITS, UNITS

Schema: TypeAlias = dict[str, Any]

#: Keywords that bind whatever the type; those of `allOf` begin with an `if` of a type.
_SPEAKS_OF_ALL = frozenset({"enum", "const", "not", "if", "anyOf"})
_PERIOD = "[0-9]{1,9} *"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DATE = _DAY + "([ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?"
_MIDNIGHT = _DAY + "([ T]00:00(:00)?)?"
_SHARE = "(0?[0-9]{1,2}(\\.[0-9]{1,6})?|100(\\.0{1,6})?) *%"


def described(shape: Schema, description: str) -> Schema:
    """Return a shape with a description, unless that is empty."""
    return {"description": description, **shape} if description else shape


# --- single values ------------------------------------------------------------------


def text(**bounds: int) -> Schema:
    """Return the shape of a text that is not empty."""
    return {"type": "string", "minLength": 1, **bounds}


def number(**bounds: int) -> Schema:
    """Return the shape of a number; `minimum` and `maximum` are in."""
    return {"type": "number", **bounds}


def whole(low: int, high: int) -> Schema:
    """Return the shape of a whole number within bounds, both in."""
    return {"type": "integer", "minimum": low, "maximum": high}


def boolean() -> Schema:
    """Return the shape of true and false."""
    return {"type": "boolean"}


def one_of(names: Iterable[str]) -> Schema:
    """Return the shape of a text out of some; without any, nothing fits."""
    known = list(names)
    return {"enum": known} if known else {"not": {}}


def one_like(names: Iterable[str], others: Schema) -> Schema:
    """Return the shape of a text for which some are suggested and others fit, too."""
    known = list(names)
    return either({"enum": known}, others) if known else others


def pattern(expression: str, *examples: str) -> Schema:
    """Return the shape of a text that matches an expression as a whole."""
    shape: Schema = {"type": "string", "pattern": f"^({expression})$"}
    return {**shape, "examples": list(examples)} if examples else shape


def period(units: Iterable[str] = UNITS) -> Schema:
    """Return the shape of a period such as `30 days`."""
    length = f"(?!0+[^0-9]){_PERIOD}({'|'.join(units)})s?"
    return pattern(length, "7 days", "30 days", "6 months", "1 year")


def weeks() -> Schema:
    """Return the shape of a number of weeks."""
    return pattern(f"{_PERIOD}weeks?", "4 weeks", "12 weeks")


def day() -> Schema:
    """Return the shape of a date without a time of day."""
    return pattern(_MIDNIGHT, "2026-01-31")


def date() -> Schema:
    """Return the shape of a date, or of a date with a time of day."""
    return pattern(_DATE, "2026-01-31", "2026-01-31 18:30")


def moment() -> Schema:
    """Return the shape of a date, or of a distance such as `90 days ago`."""
    ago = f"{_PERIOD}({'|'.join(UNITS)})s? ago"
    return pattern(f"{_DATE}|{ago}", "2026-01-31", "90 days ago")


def share() -> Schema:
    """Return the shape of a percentage up to 100."""
    return pattern(_SHARE, "10%")


def amount_or_share() -> Schema:
    """Return the shape of `100`, or of `10%`."""
    return either({"type": "integer", "minimum": 1}, share())


def either(*shapes: Schema) -> Schema:
    """Return the shape of what any of some shapes fits.

    Shapes of different types become one, as far as each keyword speaks of one type only:
    a mistake is then told by its own name, and not as something that nothing fits.
    """
    merged: Schema = {}
    others: list[Schema] = []
    types: list[str] = []
    for shape in shapes:
        if isinstance(shape.get("type"), str) and not _SPEAKS_OF_ALL & shape.keys():
            types.append(shape["type"])
            merged |= shape
        else:
            others.append(shape)
    if merged and len(set(types)) == len(types):
        merged["type"] = types if len(types) > 1 else types[0]
        others.append(merged)
        return others[0] if len(others) == 1 else {"anyOf": others}
    return {"anyOf": list(shapes)}


# --- structure ----------------------------------------------------------------------


def items(item: Schema) -> Schema:
    """Return the shape of a list of at least one item."""
    return {"type": "array", "items": item, "minItems": 1}


def pair(item: Schema) -> Schema:
    """Return the shape of a list of two items."""
    return {"type": "array", "items": item, "minItems": 2, "maxItems": 2}


def one_or_more(item: Schema) -> Schema:
    """Return the shape of a list of at least one item, or of the item alone."""
    return either(item, items(item))


def fields(properties: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    """Return the shape of a mapping with known keys, of which at least one is there."""
    shape: Schema = {"type": "object", "properties": dict(properties)}
    needed = list(required)
    if needed:
        shape["required"] = needed
    return {**shape, "additionalProperties": False, "minProperties": 1}


def names(name: str, value: Schema) -> Schema:
    """Return the shape of a mapping whose keys match an expression as a whole."""
    return {
        "type": "object",
        "propertyNames": {"pattern": f"^({name})$"},
        "additionalProperties": value,
        "minProperties": 1,
    }


def has(*keys: str) -> Schema:
    """Return the shape of any mapping that has some keys; for `if`."""
    return {"type": "object", "required": list(keys)}


def by_head(forms: Mapping[str, Schema]) -> Schema:
    """Return the shape of a mapping that is of one form, which its head decides.

    Forms of a head alone are put together, so that a mistake is told by its own name and
    not as one that no form fits.
    """
    heads = {head: form["properties"][head] for head, form in forms.items()}
    shape = {**fields(heads), "maxProperties": 1}
    del shape["type"]
    for head, form in reversed(list(forms.items())):
        if len(form["properties"]) > 1:
            shape = {"if": has(head), "then": form, "else": shape}
    return shape


def any_of_keys(keys: Iterable[str]) -> Schema:
    """Return the shape of any mapping that has one of some keys."""
    return {"anyOf": [{"required": [key]} for key in keys]}


def alone(key: str, others: Iterable[str]) -> Schema:
    """Return the rule that some keys do not stand beside another."""
    refused = {other: False for other in others if other != key}
    return {"if": has(key), "then": {"properties": refused}}


# --- windows ------------------------------------------------------------------------


def window(key: str) -> Schema:
    """Return the shape of the value of one of the window keys."""
    match key:
        case "within":
            return described(period(), "So long a time up to now.")
        case "between":
            return described(pair(moment()), "From the first instant until before the second.")
        case "before":
            return described(moment(), "Before an instant.")
        case "after":
            return described(moment(), "At an instant, or later.")
        case "this":
            return described(one_of(CALENDAR_UNITS), "The current one so far.")
        case _:
            return described(one_of(CALENDAR_UNITS), "The whole one before the current.")
