"""Looks into documents that other programs wrote, whose parts may be missing or of another type."""

from collections.abc import Mapping
from typing import Any


def get_mapping(document: Any, key: str) -> Mapping[str, Any]:
    """Return the object under a key; an empty one where there is none."""
    found = document.get(key) if isinstance(document, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def get_int(document: Any, key: str) -> int:
    """Return the count under a key; 0 where there is none."""
    found = document.get(key) if isinstance(document, Mapping) else None
    return int(found) if isinstance(found, int | float) and abs(found) < float("inf") else 0
