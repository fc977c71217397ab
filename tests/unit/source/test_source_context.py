"""What is in a build context."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.source.resolve import context_digest, context_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small context."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / ".dockerignore").write_text("# a comment\n\n*.md\n!keep.md\n**/*.log\n")
    (tmp_path / "sub").mkdir()
    for name in ["a.md", "keep.md", "sub/x.log", "sub/y.py"]:
        (tmp_path / name).write_text(name)
    return tmp_path


def test_files(folder: Path) -> None:
    """.dockerignore decides, with its exceptions."""
    expected = [".dockerignore", "Dockerfile", "keep.md", "sub", "sub/y.py"]
    assert expected == context_files(folder)


def test_ignored_files_do_not_count(folder: Path) -> None:
    """What the build can't see doesn't make a new release."""
    before = context_digest(folder)
    (folder / "a.md").write_text("other")
    (folder / "sub" / "new.log").write_text("new")
    os.utime(folder / "keep.md", (0, 0))
    assert before == context_digest(folder)


@pytest.mark.parametrize("change", ["content", "name", "mode", "link", "removed", "dockerignore"])
def test_changes_count(folder: Path, change: str) -> None:
    """What the build can see does."""
    before, file = context_digest(folder), folder / "sub" / "y.py"
    match change:
        case "content":
            file.write_text("z")
        case "name":
            file.rename(folder / "sub" / "z.py")
        case "mode":
            file.chmod(0o755)
        case "link":
            file.unlink()
            file.symlink_to("sub/y.py")
        case "removed":
            file.unlink()
        case "dockerignore":
            (folder / ".dockerignore").write_text("*.md\n")
    assert before != context_digest(folder)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.lists(st.binary(max_size=20), min_size=2, max_size=2, unique=True))
def test_moving_bytes_between_files_counts(tmp_path: Path, contents: list[bytes]) -> None:
    """Two files that swap their contents are another context."""
    (tmp_path / "a").write_bytes(contents[0])
    (tmp_path / "b").write_bytes(contents[1])
    before = context_digest(tmp_path)
    (tmp_path / "a").write_bytes(contents[1])
    (tmp_path / "b").write_bytes(contents[0])
    assert before != context_digest(tmp_path)
