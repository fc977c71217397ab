"""Resolves any source: a folder as it lies there, or a commit of a repository."""

import hashlib
import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from docker.utils.build import exclude_paths

from pipeline.environment.files import PROJECT
from pipeline.environment.loader import state_folder
from pipeline.environment.model import Environment
from pipeline.source.checkout import checkout, git, require_commit_of
from pipeline.source.location import Location, ResolvedSource, SourceError, is_url, parse_location

_CHUNK = 1 << 20


def ignore_patterns(folder: Path) -> list[str]:
    """Read the context's .dockerignore; [] without one."""
    path = folder / ".dockerignore"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def context_files(folder: Path, dockerfile: str = "Dockerfile") -> list[str]:
    """List the paths, relative to ``folder`` and sorted, that a build from it may see."""
    return sorted(exclude_paths(str(folder), ignore_patterns(folder), dockerfile=dockerfile))


def context_digest(folder: Path, dockerfile: str = "Dockerfile") -> str:
    """Return a SHA-256 over names, kinds, execute bits and contents; times and owners don't count."""
    total = hashlib.sha256()
    for name in context_files(folder, dockerfile):
        total.update(f"{name}\0{_digest(folder / name)}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def _digest(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link {path.readlink()}"
    if not stat.S_ISREG(mode):
        return "folder" if stat.S_ISDIR(mode) else "special"
    content = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            content.update(chunk)
    return f"{'program' if mode & stat.S_IXUSR else 'file'} {content.hexdigest()}"


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


def source_of(
    environment: Environment, ref: str | None, token: str = "", *, branch_only: bool = False
) -> ResolvedSource:
    """Pin an environment's source; without a ref its branch, or the folder as it lies there.

    With ``branch_only`` a ref must be the SHA of a commit of the branch.

    Raises:
        SourceUnreachableError, SourceError: as ``resolve_source``.
    """
    source = environment.source
    default = environment.branch if is_url(source.repository) else None
    cache = state_folder() / "sources"
    if branch_only and ref and default:
        require_commit_of(parse_location(source.repository, token), ref, default, cache)
    found = resolve_source(
        source.repository,
        cache=cache,
        ref=ref or default,
        context=source.context,
        dockerfile=source.dockerfile,
        token=token,
        project=PROJECT,
    )
    return replace(found, recipe=source.recipe, commit=describe_commit(found))


def describe_commit(source: ResolvedSource) -> str:
    """Return subject and author of the source's commit; "" where git does not know it here."""
    if source.revision:
        with suppress(SourceError):
            return git(["log", "-1", "--format=%s (%an)", source.revision], folder=source.path).strip()
    return ""


def resolve_source(
    repository: str,
    *,
    cache: Path,
    ref: str | None = None,
    context: str = ".",
    dockerfile: str = "Dockerfile",
    token: str = "",
    project: Path | None = None,
) -> ResolvedSource:
    """Pin a source and bring its build context onto this machine.

    Args:
        repository: git URL, or a folder (absolute, or relative to ``project``).
        cache: folder for checkouts; one may serve every repository.
        ref: branch, tag or commit. A folder without one is taken as it lies there, changes included; with
            one, what is committed there is taken.
        context: build context inside the source.
        dockerfile: Dockerfile inside the build context.
        token: opens an https repository; never shown.
        project: what a relative folder is relative to; by default the current one.

    Raises:
        SourceUnreachableError: the repository did not answer; may be repeated.
        SourceError: nothing to build there.
    """
    if is_url(repository):
        if ref is None:
            raise SourceError(f"{repository}: which branch, tag or commit? Give a ref.")
        return _resolve_commit(parse_location(repository, token), ref, cache, Path(context))
    folder = (project or Path.cwd()) / repository
    if ref is None:
        return resolve_folder(folder / context, dockerfile)
    return _resolve_committed(folder, ref, cache, context)


def _resolve_committed(folder: Path, ref: str, cache: Path, context: str) -> ResolvedSource:
    """Take what a local repository holds at ``ref``; named, as in the folder, by its last own commit."""
    if not folder.is_dir():
        raise SourceError(f"There is no folder {folder}. Correct the source of the environment.")
    root = Path(git(["rev-parse", "--show-toplevel"], folder=folder).strip()).resolve()
    inside = folder.resolve().relative_to(root) / context
    found = _resolve_commit(Location(f"file://{root}"), ref, cache, inside)
    own = git(["log", "-1", "--format=%H", found.revision, "--", str(inside)], folder=root).strip()
    return replace(found, repository=str(folder.resolve()), revision=own or found.revision)


def _resolve_commit(location: Location, ref: str, cache: Path, context: Path) -> ResolvedSource:
    tree, sha = checkout(location, ref, cache.resolve())
    path = (tree / context).resolve()
    if not path.is_relative_to(tree) or not path.is_dir():
        raise SourceError(
            f"{location.url} at {ref} ({sha[:12]}) has no folder {context}. Correct the source's context."
        )
    return ResolvedSource(path, location.url, ref, sha)
