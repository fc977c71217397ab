"""Local folders."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.source.location import SourceError
from pipeline.source.resolve import describe_commit, resolve_folder

Git = Callable[..., str]


def test_clean(project: Path, git: Git) -> None:
    """A clean folder is named by the last commit that touched it, not by commits beside it."""
    first = git(project, "rev-parse", "HEAD")
    (project / "other.txt").write_text("changed\n")
    git(project, "commit", "--quiet", "-am", "beside")
    source = resolve_folder(project / "app")
    assert (first, False, None) == (source.revision, source.dirty, source.ref)
    assert source.path == project / "app"


@pytest.mark.parametrize(
    ("name", "dirty"),
    [
        ("app/main.py", True),
        ("app/new.py", True),
        ("app/Dockerfile", True),
        ("app/.dockerignore", True),
        ("app/secret.env", True),  # git ignores it, the build would take it
        ("app/package/new.py", True),
        ("app/README.md", False),  # .dockerignore keeps it out
        ("app/x.log", False),
        ("other.txt", False),
    ],
)
def test_dirty(project: Path, name: str, dirty: bool) -> None:
    """Only what the build sees and the commit doesn't hold makes the source dirty."""
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text("changed\n")
    assert dirty == resolve_folder(project / "app").dirty


def test_deleted(project: Path) -> None:
    """A deleted file is a change."""
    (project / "app" / "main.py").unlink()
    assert resolve_folder(project / "app").dirty


def test_dirty_release_follows_the_content(project: Path) -> None:
    """The same changes have the same name, others another one."""
    main = project / "app" / "main.py"
    names = []
    for text in ["print(2)\n", "print(3)\n", "print(2)\n"]:
        main.write_text(text)
        names.append(resolve_folder(project / "app").release)
    assert names[0] == names[2] != names[1]


def test_outside_git(tmp_path: Path) -> None:
    """A folder without git is named by its content."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    source = resolve_folder(tmp_path)
    assert (source.revision, source.dirty) == ("", False)
    assert source.release.startswith("content-")


def test_unknown_to_the_surrounding_repository(project: Path) -> None:
    """A folder that git holds nothing of is named by its content, though it lies in a repository."""
    (project / "app" / "inner.env").mkdir()
    (project / "app" / "inner.env" / "Dockerfile").write_text("FROM scratch\n")
    assert resolve_folder(project / "app" / "inner.env").revision == ""


def test_no_commit_yet(tmp_path: Path, git: Git) -> None:
    """A repository without a commit has no revision."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    git(tmp_path, "add", ".")
    assert resolve_folder(tmp_path).revision == ""


def test_missing(tmp_path: Path) -> None:
    """A missing folder is named."""
    with pytest.raises(SourceError, match="There is no folder"):
        resolve_folder(tmp_path / "nowhere")


def test_a_commit_is_told_by_subject_and_author(project: Path, git: Git) -> None:
    """For people; where git knows none nothing is said."""
    author = git(project, "log", "-1", "--format=%an")
    found = resolve_folder(project / "app")
    assert describe_commit(found) == f"{git(project, 'log', '-1', '--format=%s')} ({author})"
    assert describe_commit(replace(found, revision="0" * 40)) == ""
    assert describe_commit(replace(found, revision="")) == ""
