"""The way back through what was good: what somebody went back from is off it. Pure."""

from collections.abc import Iterable


def way_back(ends: Iterable[tuple[str, bool]]) -> list[str]:
    """Return names in the order in which going back meets them; the first is where the last end led.

    Going back to a name takes off the way what came after it, until it is deployed again. A name that is off
    the way comes after what is on it when somebody goes there.

    Args:
        ends: the good ends, oldest first: which name was reached, and whether by going back.
    """
    way: list[str] = []
    seen: set[str] = set()
    for name, went_back in ends:
        if went_back and name in way:
            del way[way.index(name) + 1 :]
        elif went_back and name not in seen:
            way = [name]  # older than all that is known
        else:
            way = [item for item in way if item != name] + [name]
        seen.add(name)
    return way[::-1]
