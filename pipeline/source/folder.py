"""Resolves a local folder as it lies there."""

from pathlib import Path

from pipeline.source.context import context_digest, context_files
from pipeline.source.git import git
from pipeline.source.model import ResolvedSource, SourceError


def resolve_folder(folder: Path, dockerfile: str = "Dockerfile") -> ResolvedSource:
    """Pin the build context ``folder``.

    Its revision is the last commit *that touched this folder*: in a repository of many things the others
    don't make a new release. What git doesn't hold (changed, new or ignored files) makes the source dirty
    only when .dockerignore lets it into the build.

    Raises:
        SourceError: there is no such folder, or git refuses to read it.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise SourceError(f"There is no folder {folder}. Correct the source of the environment.")
    revision = _revision(folder)
    content = context_digest(folder, dockerfile) if not revision or _differs(folder, dockerfile) else ""
    return ResolvedSource(folder, str(folder), None, revision, content)


def _revision(folder: Path) -> str:
    """Return the last commit that touched the folder; "" when git knows nothing of it."""
    if not _in_git(folder) or not git(["ls-files", "--", "."], folder=folder):
        return ""
    try:
        return git(["log", "-1", "--format=%H", "--", "."], folder=folder).strip()
    except SourceError as error:
        if "does not have any commits yet" in str(error):
            return ""
        raise


def _in_git(folder: Path) -> bool:
    try:
        return git(["rev-parse", "--is-inside-work-tree"], folder=folder).strip() == "true"
    except SourceError as error:
        if "not a git repository" in str(error):
            return False
        raise


def _differs(folder: Path, dockerfile: str) -> bool:
    """Whether the build sees anything else than the commit. Deleted files can't be matched: they count."""
    status = ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignored", "--", "."]
    prefix = git(["rev-parse", "--show-prefix"], folder=folder).strip()
    changes = [(entry[:2], entry[3:]) for entry in git(status, folder=folder).split("\0") if entry]
    if not changes:
        return False
    seen = {*context_files(folder, dockerfile), ".dockerignore"}
    return any("D" in code or _enters(path.removeprefix(prefix), seen) for code, path in changes)


def _enters(path: str, seen: set[str]) -> bool:
    name = path.rstrip("/")
    return name in seen or (path.endswith("/") and any(other.startswith(path) for other in seen))
