"""Which resources a state knows, and which of them a mistyped address may mean."""

import json
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pipeline.state.home import StateHome

_SHOWN = 5


def read_addresses(home: StateHome) -> tuple[str, ...]:
    """Return the addresses of every resource in the state; none when there is no readable one.

    Raises:
        AwsError: it could not be read.
    """
    stored = home.read(home.backend.key)
    return addresses_in(stored.body) if stored else ()


def addresses_in(body: bytes) -> tuple[str, ...]:
    """Return the addresses in a state file of format 4 (pure); what is not understood is left out."""
    try:
        return tuple(_addresses(json.loads(body)))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()


def near_misses(wanted: str, known: Collection[str]) -> tuple[str, ...]:
    """Return what a mistyped address may mean, likeliest first: resources, or their modules (pure)."""
    names = {part for address in known for part in _parts(address)}
    return tuple(get_close_matches(wanted, sorted(names), n=_SHOWN, cutoff=0.5))


def _addresses(state: Mapping[str, Any]) -> Iterator[str]:
    for item in state["resources"]:
        module = f"{item['module']}." if item.get("module") else ""
        data = "data." if item.get("mode") == "data" else ""
        for instance in item.get("instances", ()):
            key = instance.get("index_key")
            suffix = "" if key is None else f"[{json.dumps(key)}]"
            yield f"{module}{data}{item['type']}.{item['name']}{suffix}"


def _parts(address: str) -> Iterator[str]:
    """Yield the address, and the modules that it lies in."""
    yield address
    steps = address.split(".")
    for end in range(2, len(steps), 2):
        if steps[end - 2] == "module":
            yield ".".join(steps[:end])
