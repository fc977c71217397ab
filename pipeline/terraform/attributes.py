"""Attributes that a change touches, without sensitive values."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.terraform.process_environment import Masker

SENSITIVE = "(sensitive)"
UNKNOWN = "(known after apply)"
ABSENT = "(none)"
_LONGEST = 120


@dataclass(frozen=True)
class AttributeChange:
    """One attribute before and after, as short texts."""

    path: str
    """Dotted path, such as ``ingress.0.cidr_blocks``."""
    before: str
    after: str
    forces_replacement: bool = False


def attribute_changes(change: Mapping[str, Any], masker: Masker) -> tuple[AttributeChange, ...]:
    """Compare before and after of one ``change`` object; unchanged attributes are left out."""
    sides = _Sides(change, masker)
    forcing = {".".join(str(step) for step in path) for path in change.get("replace_paths") or ()}
    return tuple(
        AttributeChange(path, before, after, _forced(path, forcing))
        for path, before, after in sides.differences()
    )


class _Sides:
    """The parallel trees of a change object, walked together."""

    def __init__(self, change: Mapping[str, Any], masker: Masker) -> None:
        self._change, self._masker = change, masker

    def differences(self) -> Iterator[tuple[str, str, str]]:
        change = self._change
        yield from self._walk(
            None,
            change.get("before"),
            change.get("after"),
            change.get("after_unknown") or False,
            (change.get("before_sensitive") or False, change.get("after_sensitive") or False),
        )

    def _walk(
        self, path: str | None, before: Any, after: Any, unknown: Any, sensitive: tuple[Any, Any]
    ) -> Iterator[tuple[str, str, str]]:
        if True in sensitive:
            if before != after or unknown:
                yield path or "", _hidden(before), _hidden(after)
        elif unknown is True:
            yield path or "", self._text(before), UNKNOWN
        elif self._descends(path, before, after, unknown):
            below = list(self._below(path, before, after, unknown, sensitive))
            yield from below
            # A plain value that became an empty tree, or the other way round, shows nowhere below.
            if not below and _plain(before) != _plain(after) and None not in (before, after):
                yield path or "", self._text(before), self._text(after)
        elif before != after:
            yield path or "", self._text(before), self._text(after)

    def _below(
        self, path: str | None, before: Any, after: Any, unknown: Any, sensitive: tuple[Any, Any]
    ) -> Iterator[tuple[str, str, str]]:
        if not any_true((unknown, *sensitive)):
            before, after = _without_common(before, after)
        for key in _keys(before, after, unknown):
            inner = str(key) if path is None else f"{path}.{key}"
            marks = (_child(sensitive[0], key), _child(sensitive[1], key))
            yield from self._walk(
                inner, _child(before, key), _child(after, key), _child(unknown, key) or False, marks
            )

    @staticmethod
    def _descends(path: str | None, before: Any, after: Any, unknown: Any) -> bool:
        if path is None:
            return True
        trees = [value for value in (before, after, unknown) if isinstance(value, dict | list)]
        return bool(trees) and (before != after or bool(unknown))

    def _text(self, value: Any) -> str:
        if value is None:
            return ABSENT
        text = value if isinstance(value, str) else json.dumps(value)
        masked = " ".join(self._masker.text(text).split())
        return masked if len(masked) <= _LONGEST else masked[: _LONGEST - 3] + "..."


def _without_common(before: Any, after: Any) -> tuple[Any, Any]:
    """Drop what two lists of different length have in common: one more rule is one, wherever it stands."""
    if not (isinstance(before, list) and isinstance(after, list)) or len(before) == len(after):
        return before, after
    gone = {place: item for place, item in enumerate(before) if item not in after}
    come = {place: item for place, item in enumerate(after) if item not in before}
    return (gone, come) if gone or come else (before, after)


def _plain(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _hidden(value: Any) -> str:
    return ABSENT if value is None else SENSITIVE


def _keys(*trees: Any) -> list[Any]:
    keys: dict[Any, None] = {}
    for tree in trees:
        if isinstance(tree, dict):
            keys.update(dict.fromkeys(tree))
        elif isinstance(tree, list):
            keys.update(dict.fromkeys(range(len(tree))))
    return sorted(keys, key=str) if any(isinstance(key, str) for key in keys) else sorted(keys)


def _child(tree: Any, key: Any) -> Any:
    if tree is True:
        return True
    if isinstance(tree, dict):
        return tree.get(key)
    if isinstance(tree, list) and isinstance(key, int) and key < len(tree):
        return tree[key]
    return None


def _forced(path: str, forcing: set[str]) -> bool:
    return any(path == item or path.startswith(f"{item}.") for item in forcing)


def any_true(value: Any) -> bool:
    """Whether a mark (unknown, sensitive) is anywhere in the tree."""
    if isinstance(value, dict):
        return any(any_true(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(any_true(item) for item in value)
    return bool(value)
