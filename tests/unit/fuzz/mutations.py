"""Damages documents in every place, as a new version of a tool, a truncated file or an enemy would."""

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
    """Return the document with one to three of its values replaced or removed."""
    for _ in range(draw(st.integers(1, 3))):
        document = _damage(draw, document)
    return document


def _damage(draw: st.DrawFn, value: Any) -> Any:
    if isinstance(value, dict) and value and draw(st.integers(0, 4)):
        key = draw(st.sampled_from(sorted(value)))
        if not draw(st.integers(0, 4)):
            return {name: item for name, item in value.items() if name != key}
        return {**value, key: _damage(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 4)):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], _damage(draw, value[place]), *value[place + 1 :]]
    return draw(JSON)


@st.composite
def damaged_text(draw: st.DrawFn, text: str) -> str:
    """Return the text with a piece cut out, doubled or replaced."""
    begin = draw(st.integers(0, len(text)))
    end = draw(st.integers(begin, min(len(text), begin + 40)))
    signs = ["", text[begin:end] * 2, "\x00", "[", "=", "{", "${", "$", '"']
    piece = draw(st.sampled_from(signs) | st.text(max_size=6))
    return text[:begin] + piece + text[end:]
