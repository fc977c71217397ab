"""From a GitHub event to what it leads to.

Source: GitHub, "Webhook events and payloads" (push, workflow_run).
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deployments.webhook.model import Decision, Deploy, Ignore
from deployments.webhook.reading import commit, fresh, inner, malformed, moment, text
from pipeline.environment.model import Environment
from pipeline.source.location import repository_id


def of_repository(url: str, known: Iterable[Environment]) -> list[Environment]:
    """Return the environments whose source is this repository."""
    requested = repository_id(url)
    return [
        item for item in known if requested is not None and repository_id(item.source.repository) == requested
    ]


_BRANCH = "refs/heads/"
_FULL_NAME = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class _Change:
    branch: str
    commit: str
    at: float


def decide(
    event: str,
    document: Mapping[str, Any],
    known: Collection[Environment],
    now: float,
    oldest: float,
    accepted: Collection[str] = ("push", "workflow_run"),
) -> Decision:
    """Decide on one event.

    Raises:
        Refusal: 422 for a body without the event's fields, 403 for one older than ``oldest`` seconds.
    """
    if event not in accepted:
        return Ignore(f"events of the kind {event[:40]!r} start nothing here")
    repository = inner(document, "repository")
    mine = of_repository(text(repository, "clone_url"), known)
    if not mine:
        return Ignore("no environment of this secret is built from this repository")
    change = _push(document, repository) if event == "push" else _workflow(document, repository)
    if isinstance(change, Ignore):
        return change
    fresh(change.at, now, oldest)
    targets = [item for item in mine if item.branch == change.branch]
    if not targets:
        return Ignore(f"no environment of this secret deploys the branch {change.branch[:200]!r}")
    name = _full_name(repository)
    return tuple(
        Deploy(item.name, change.commit, name, change.at, f"webhook-{item.name}-{change.commit}")
        for item in targets
    )


def _push(document: Mapping[str, Any], repository: Mapping[str, Any]) -> _Change | Ignore:
    ref = text(document, "ref")
    if not ref.startswith(_BRANCH):
        return Ignore("only pushes to branches are deployed")
    if document.get("deleted") is True:
        return Ignore("the branch was deleted")
    return _Change(ref.removeprefix(_BRANCH), commit(document, "after"), moment(repository, "pushed_at"))


def _workflow(document: Mapping[str, Any], repository: Mapping[str, Any]) -> _Change | Ignore:
    """Only a workflow that a push to this very repository started: a fork may name its branch as it likes."""
    run = inner(document, "workflow_run")
    if document.get("action") != "completed" or run.get("conclusion") != "success":
        return Ignore("the workflow run has not succeeded")
    if run.get("event") != "push":
        return Ignore("the workflow run was not started by a push")
    if inner(run, "head_repository").get("full_name") != repository.get("full_name"):
        return Ignore("the workflow run belongs to a fork")
    return _Change(text(run, "head_branch"), commit(run, "head_sha"), moment(run, "created_at"))


def _full_name(repository: Mapping[str, Any]) -> str:
    name = text(repository, "full_name")
    if not _FULL_NAME.fullmatch(name):
        raise malformed("repository.full_name", "OWNER/NAME")
    return name
