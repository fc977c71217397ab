"""Attributes that a change touches, without sensitive values."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.terraform.process_environment import Masker

SENSITIVE = "(sensitive)"
UNKNOWN = "(known after apply)"
ABSENT = "(none)"
_LONG, _LONGEST, _AROUND = 120, 1000, 20


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
        opened = None if unknown or any_true(sensitive) else _opened(before, after)
        if opened and (inside := list(self._walk(path, *opened, unknown, sensitive))):
            yield from inside
        elif True in sensitive:
            if before != after or unknown:
                yield path or "", _hidden(before), _hidden(after)
        elif unknown is True:
            yield path or "", self._text(before), UNKNOWN
        elif self._descends(path, before, after, unknown):
            below = list(self._below(path, before, after, unknown, sensitive))
            yield from below
            # A plain value that became an empty tree, or the other way round, shows nowhere below.
            if not below and _plain(before) != _plain(after) and None not in (before, after):
                yield path or "", *self._texts(before, after)
        elif before != after:
            yield path or "", *self._texts(before, after)

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
        return " ".join(self._masker.text(text).split())

    def _texts(self, before: Any, after: Any) -> tuple[str, str]:
        """Return both; of long ones only the difference, without what they begin and end with alike."""
        one, other = self._text(before), self._text(after)
        if max(len(one), len(other)) > _LONG:
            start = max(_alike(one, other) - _AROUND, 0)
            end = max(_alike(one[start:][::-1], other[start:][::-1]) - _AROUND, 0)
            one, other = (_part(text, start, len(text) - end) for text in (one, other))
        return one, other


def _alike(one: str, other: str) -> int:
    """Count the characters with which both begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _part(text: str, start: int, end: int) -> str:
    shown = text[start:end]
    kept = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}... ({len(shown)} characters)"
    return f"{'...' if start else ''}{kept}{'...' if end < len(text) else ''}"


def _opened(before: Any, after: Any) -> tuple[Any, Any] | None:
    """Return what two texts say in JSON, such as a policy's; None where one of them says nothing in it."""
    sides = (_tree(before), _tree(after))
    foreign = (sides[0] is None and before is not None) or (sides[1] is None and after is not None)
    return None if foreign or before == after else sides


def _tree(value: Any) -> Any:
    """Return the list or object that a text is in JSON, or None."""
    if not (isinstance(value, str) and value.lstrip()[:1] in {"{", "["}):
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


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
