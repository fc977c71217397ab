"""References, labels and the engine's fitness."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.image.engine import Engine, engine_faults
from pipeline.image.registry import Repository, repository_at
from pipeline.image.request import ImageError, image_labels
from pipeline.source.location import ResolvedSource

_URL = "000000000000.dkr.ecr.af-south-1.amazonaws.com/group/demo"


def test_repository() -> None:
    """ECR's own host, unless the environment names another one."""
    assert repository_at(_URL).tagged("1") == f"{_URL}:1"
    assert repository_at(_URL, "localhost:4566") == Repository("localhost:4566", "group/demo")
    assert Repository("h", "n").pinned("sha256:1") == "h/n@sha256:1"


@pytest.mark.parametrize("tag", ["", "-a", "a/b", "a" * 129, "é"])
def test_bad_tag(tag: str) -> None:
    """A tag that no registry takes is refused before anything is built."""
    with pytest.raises(ImageError, match="is no image tag"):
        Repository("h", "n").tagged(tag)


def test_labels() -> None:
    """The image says what it was made from."""
    source = ResolvedSource(Path("/a"), "https://h/a.git", "main", "c" * 40)
    labels = image_labels(source, datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC))
    assert labels == {
        "org.opencontainers.image.revision": "c" * 40,
        "org.opencontainers.image.source": "https://h/a.git",
        "org.opencontainers.image.version": "c" * 12,
        "org.opencontainers.image.created": "2026-01-02T03:04:05+00:00",
        "org.opencontainers.image.ref.name": "main",
    }


@pytest.mark.parametrize(
    ("free", "architecture", "faults"),
    [
        (5_000_000_000, "X86_64", []),
        (5_000_000_000, None, []),
        (None, "amd64", []),
        (1_000_000, "X86_64", ["disk"]),
        (1_000_000, "ARM64", ["disk", "arm64"]),
    ],
)
def test_engine(free: int | None, architecture: str | None, faults: list[str]) -> None:
    """Too little disk and another architecture are faults; what can't be known isn't."""
    found = engine_faults(
        Engine("20.10", "amd64", free), needed_bytes=2_000_000_000, architecture=architecture
    )
    assert [word in text for word, text in zip(faults, found, strict=True)] == [True] * len(faults)
