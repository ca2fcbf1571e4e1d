"""Addresses as people may see them."""

from __future__ import annotations

_DOTS = "…"


def masked(address: str) -> str:
    """Return an address of which too little is left to write to: `a…@e….com`, `+4…81`."""
    name, at, domain = address.partition("@")
    if at:
        host, _, suffix = domain.rpartition(".")
        return f"{name[:1]}{_DOTS}@{host[:1]}{_DOTS}.{suffix}"
    return f"{address[:2]}{_DOTS}{address[-2:]}" if len(address) > 6 else _DOTS
