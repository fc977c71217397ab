"""Damages documents in every place, as a new version of a tool, a truncated file or an enemy would."""

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
"""Any JSON value."""


@st.composite
def damaged(draw: st.DrawFn, document: Any) -> Any:
    """Return the document with one to three of its values, each as likely, replaced or removed."""
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(_paths(document))))
        document = _replaced(document, path, draw(st.just(_GONE) | JSON))
    return document


_GONE = object()


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where each value of a document is, the document itself included."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from _paths(item, (*path, key))


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return None if new is _GONE else new
    copied = value.copy()
    if path[1:] or new is not _GONE:
        copied[path[0]] = _replaced(value[path[0]], path[1:], new)
    else:
        del copied[path[0]]
    return copied


@st.composite
def damaged_text(draw: st.DrawFn, text: str) -> str:
    """Return the text with a piece cut out, doubled or replaced."""
    begin = draw(st.integers(0, len(text)))
    end = draw(st.integers(begin, min(len(text), begin + 40)))
    signs = ["", text[begin:end] * 2, "\x00", "[", "=", "{", "${", "$", '"']
    piece = draw(st.sampled_from(signs) | st.text(max_size=6))
    return text[:begin] + piece + text[end:]
