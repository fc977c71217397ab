"""What a ref names."""

import pytest

from pipeline.source.checkout import candidates, check_ref, choose
from pipeline.source.location import SourceError

_A, _B, _C = "a" * 40, "b" * 40, "c" * 40


@pytest.mark.parametrize(
    "ref", ["", "-x", "--upload-pack=x", "a b", "a..b", "a:b", "a^", "a~1", "a\n", "+a*"]
)
def test_refused(ref: str) -> None:
    """What git can't take as a ref, or takes as an option, never reaches it."""
    with pytest.raises(SourceError):
        check_ref(ref)


@pytest.mark.parametrize("ref", ["main", "feature/x-1", "v1.2.3", "refs/heads/main", _A])
def test_accepted(ref: str) -> None:
    """Ordinary names pass."""
    check_ref(ref)


@pytest.mark.parametrize(
    ("ref", "lines", "expected"),
    [
        ("main", {"refs/heads/main": _A}, ("refs/heads/main", _A)),
        ("v1", {"refs/tags/v1": _A, "refs/tags/v1^{}": _B}, ("refs/tags/v1", _B)),
        ("x", {"refs/heads/x": _A, "refs/tags/x": _B, "refs/tags/x^{}": _A}, ("refs/heads/x", _A)),
        ("refs/pull/1/head", {"refs/pull/1/head": _C}, ("refs/pull/1/head", _C)),
        ("main", {"refs/heads/other/refs/heads/main": _A}, None),
        ("main", {}, None),
    ],
)
def test_choose(ref: str, lines: dict[str, str], expected: tuple[str, str] | None) -> None:
    """Annotated tags count as their commit; what only looks alike does not."""
    listing = "".join(f"{sha}\t{name}\n" for name, sha in lines.items())
    assert expected == choose(ref, listing, "url")


def test_ambiguous() -> None:
    """A branch and a tag of one name with different commits: the person decides."""
    listing = f"{_A}\trefs/heads/x\n{_B}\trefs/tags/x\n"
    with pytest.raises(SourceError, match="refs/heads/x or refs/tags/x"):
        choose("x", listing, "url")


def test_candidates() -> None:
    """A full name stands for itself."""
    assert candidates("refs/tags/x") == ["refs/tags/x"]
