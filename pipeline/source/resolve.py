"""Resolves any source: a folder as it lies there, or a commit of a repository."""

from dataclasses import replace
from pathlib import Path

from pipeline.environment.loader import PROJECT, state_folder
from pipeline.environment.model import Environment
from pipeline.source.checkout import checkout
from pipeline.source.folder import resolve_folder
from pipeline.source.git import git
from pipeline.source.location import Location, ResolvedSource, SourceError, is_url, parse_location


def source_of(environment: Environment, ref: str | None, token: str = "") -> ResolvedSource:
    """Pin an environment's source; without a ref its branch, or the folder as it lies there.

    Raises:
        SourceUnreachableError, SourceError: as ``resolve_source``.
    """
    source = environment.source
    default = environment.branch if is_url(source.repository) else None
    found = resolve_source(
        source.repository,
        cache=state_folder() / "sources",
        ref=ref or default,
        context=source.context,
        dockerfile=source.dockerfile,
        token=token,
        project=PROJECT,
    )
    return replace(found, recipe=source.recipe)


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
