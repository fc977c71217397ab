"""Sources that cannot be had: what is said, and that nothing is taken for something else."""

from pathlib import Path

import pytest

from pipeline.source.checkout import _publish, git
from pipeline.source.location import SourceError
from pipeline.source.resolve import resolve_folder, resolve_source


def test_a_repository_without_a_ref_is_asked_back(tmp_path: Path) -> None:
    """Nothing is guessed."""
    with pytest.raises(SourceError, match="which branch, tag or commit"):
        resolve_source("https://git.test/pay.git", cache=tmp_path)


@pytest.mark.parametrize("ref", [None, "main"])
def test_a_folder_that_is_not_there_is_told(tmp_path: Path, ref: str | None) -> None:
    """With and without a commit of it."""
    with pytest.raises(SourceError, match="There is no folder"):
        resolve_source("gone", cache=tmp_path / "cache", ref=ref, project=tmp_path)


def test_without_git_there_is_an_error_with_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a folder outside of git."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="Install it and run again"):
        git(["status"], folder=tmp_path)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("rev-parse", "fatal: detected dubious ownership in repository"),
        ("log", "fatal: bad object HEAD"),
    ],
)
def test_a_repository_that_git_refuses_is_not_taken_for_a_plain_folder(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, said: str
) -> None:
    """Its release would be named by content, and no commit be known of it."""
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\n[ "$1" = {command} ] && echo "{said}" >&2 && exit 128\n'
        '[ "$1" = rev-parse ] && echo true || echo file\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    with pytest.raises(SourceError, match=said.partition(": ")[2]):
        resolve_folder(project / "app")


def test_a_repository_without_a_commit_is_named_by_content(tmp_path: Path) -> None:
    """There is nothing else to name it by."""
    git(["init", "--quiet"], folder=tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    git(["add", "."], folder=tmp_path)
    found = resolve_folder(tmp_path)
    assert (found.revision, found.dirty) == ("", False)
    assert found.content


def test_a_tree_that_another_run_made_meanwhile_serves_both(tmp_path: Path) -> None:
    """Where it cannot be put for another reason, the reason is told."""
    for name in ("mine", "theirs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    _publish(tmp_path / "mine", tmp_path / "theirs")
    assert (tmp_path / "theirs" / "file").exists()
    with pytest.raises(OSError, match="No such file"):
        _publish(tmp_path / "mine", tmp_path / "gone" / "tree")
