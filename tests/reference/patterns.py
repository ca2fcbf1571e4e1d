"""RE2 patterns by way of Python's `re`: only what means the same in both gets through."""

from __future__ import annotations

import re

from tests.reference.windows import SpecError

_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}
_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_GROUP = re.compile(r"\(\?(?:(?P<plain>[is]*(?:-[is]+)?)(?P<end>[:)])|P?<(?P<name>\w+)>)")
_QUANTIFIER = re.compile(r"[*+?]|\{\d+(?:,\d*)?\}")


def compile_pattern(pattern: str, *, ignore_case: bool) -> re.Pattern[str]:
    """Compile an RE2 pattern, to be used with `search`."""
    parts: list[str] = []
    at = 0
    quantified = False
    while at < len(pattern):
        quantifier = _QUANTIFIER.match(pattern, at)
        if quantifier is not None and parts:
            if quantified:
                raise SpecError(f"bad repetition in {pattern!r}")
            at = quantifier.end() + (pattern[quantifier.end() : quantifier.end() + 1] == "?")
            parts.append(pattern[quantifier.start() : at])
            quantified = True
            continue
        quantified = False
        text, at = _next(pattern, at)
        parts.append(text)
    try:
        return re.compile("".join(parts), re.IGNORECASE if ignore_case else re.NOFLAG)
    except re.error as error:
        raise SpecError(f"not a pattern: {pattern!r}: {error}") from error


def _next(pattern: str, at: int) -> tuple[str, int]:
    char = pattern[at]
    if char == "\\":
        return _escape(pattern, at, in_class=False)
    if char == "[":
        return _class(pattern, at)
    if char == "$":
        return r"\Z", at + 1
    if pattern.startswith("(?", at):
        group = _GROUP.match(pattern, at)
        if group is None:
            raise SpecError(f"RE2 has no such group: {pattern!r}")
        if group["end"] == ")" and at > 0:
            raise NotImplementedError("flags in the middle of a pattern are not covered")
        text = f"(?P<{group['name']}>" if group["name"] else group[0]
        return text, group.end()
    return char, at + 1


def _escape(pattern: str, at: int, *, in_class: bool) -> tuple[str, int]:
    char = pattern[at + 1 : at + 2]
    if char.lower() in _CLASSES and char:
        members = _CLASSES[char.lower()]
        if not in_class:
            return f"[{'^' if char.isupper() else ''}{members}]", at + 2
        if char.isupper():
            raise NotImplementedError(f"\\{char} inside a class is not covered")
        return members, at + 2
    if char in ("b", "B") and not in_class:
        return rf"(?a:\{char})", at + 2
    if char == "z" and not in_class:
        return r"\Z", at + 2
    if char == "x":
        code = re.compile(r"\\x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))").match(pattern, at)
        if code is not None:
            return re.escape(chr(int(code[1] or code[2], 16))), code.end()
    if char in tuple("aftnrv") or (char == "A" and not in_class):
        return f"\\{char}", at + 2
    if char in ("p", "P", "Q", "E", "C"):
        raise NotImplementedError(f"\\{char} is not covered")
    if char == "" or char.isalnum():
        raise SpecError(f"RE2 has no such escape: {pattern!r}")
    return re.escape(char), at + 2


def _class(pattern: str, at: int) -> tuple[str, int]:
    opening = re.compile(r"\[\^?\]?").match(pattern, at)
    assert opening is not None
    parts = [opening[0].replace("]", r"\]")]
    at = opening.end()
    while at < len(pattern):
        posix = re.compile(r"\[:(\w+):\]").match(pattern, at)
        if posix is not None:
            if posix[1] not in _POSIX:
                raise SpecError(f"no such class: {posix[0]}")
            parts.append(_POSIX[posix[1]])
            at = posix.end()
        elif pattern[at] == "]":
            return "".join([*parts, "]"]), at + 1
        elif pattern[at] == "\\":
            text, at = _escape(pattern, at, in_class=True)
            parts.append(text)
        else:
            parts.append(re.escape(pattern[at]) if pattern[at] in "[&~|" else pattern[at])
            at += 1
    raise SpecError(f"a class is not closed: {pattern!r}")
