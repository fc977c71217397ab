"""From a GitHub event to what it leads to.

Source: GitHub, "Webhook events and payloads" (push, workflow_run).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deployments.webhook.model import Decision, Deploy, Ignore
from deployments.webhook.reading import commit, fresh, inner, moment, text
from pipeline.environment.model import Environment
from pipeline.source.location import repository_id


def of_repository(url: str, known: Iterable[Environment]) -> list[Environment]:
    """Return the environments whose source is this repository."""
    requested = repository_id(url)
    return [
        item for item in known if requested is not None and repository_id(item.source.repository) == requested
    ]


_BRANCH = "refs/heads/"


@dataclass(frozen=True)
class _Change:
    branch: str
    commit: str
    at: float
    workflow: str | None = None
    """File of the workflow that succeeded."""


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
    url = text(repository, "clone_url")
    mine, name = of_repository(url, known), (repository_id(url) or "").partition("/")[2]
    if not mine:
        return Ignore("no environment of this secret is built from this repository")
    change = _push(document, repository) if event == "push" else _workflow(document, name)
    if isinstance(change, Ignore):
        return change
    order = fresh(change.at, now, oldest)
    targets = [item for item in mine if item.branch == change.branch]
    if not targets:
        return Ignore(f"no environment of this secret deploys the branch {change.branch[:200]!r}")
    meant = [item for item in targets if item.ci_workflow == change.workflow]
    if not meant:
        other = targets[0]
        return Ignore(f"{other.name} is deployed by {other.ci_workflow or 'pushes: it has no ci_workflow'}")
    return tuple(
        Deploy(item.name, change.commit, name, order, f"webhook-{item.name}-{change.commit}")
        for item in meant
    )


def _push(document: Mapping[str, Any], repository: Mapping[str, Any]) -> _Change | Ignore:
    ref = text(document, "ref")
    if not ref.startswith(_BRANCH):
        return Ignore("only pushes to branches are deployed")
    if document.get("deleted") is True:
        return Ignore("the branch was deleted")
    return _Change(ref.removeprefix(_BRANCH), commit(document, "after"), moment(repository, "pushed_at"))


def _workflow(document: Mapping[str, Any], name: str) -> _Change | Ignore:
    """Only a workflow that a push to this very repository started: a fork may name its branch as it likes."""
    run = inner(document, "workflow_run")
    if document.get("action") != "completed" or run.get("conclusion") != "success":
        return Ignore("the workflow run has not succeeded")
    if run.get("event") != "push":
        return Ignore("the workflow run was not started by a push")
    if text(inner(run, "head_repository"), "full_name").lower() != name:
        return Ignore("the workflow run belongs to a fork")
    workflow = text(run, "path").partition("@")[0]
    return _Change(text(run, "head_branch"), commit(run, "head_sha"), moment(run, "created_at"), workflow)
