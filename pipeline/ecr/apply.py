"""Carries out a cleanup plan, as far as it still holds when it is carried out."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import THROTTLED, AwsError
from pipeline.clock import Sleep
from pipeline.ecr.model import ProtectedImages
from pipeline.ecr.plan import CleanupPlan, PlanRow, plan_cleanup
from pipeline.ecr.registry import Registry, batches

THREADS = 4
"""More lose time to throttling than they gain."""
_GONE = "ImageNotFound"
_REFERENCED = "ImageReferencedByManifestList"
_UNEXPLAINED = ("StillListed", "ECR reported no error, yet lists it still")
_THROTTLED = ("Throttled", "ECR throttled every attempt; the next run tries again")
_ROUNDS = 5
_FIRST_WAIT = 2.0


@dataclass(frozen=True)
class Failure:
    """An image that should be gone and is not."""

    digest: str
    code: str
    reason: str


@dataclass(frozen=True)
class CleanupResult:
    """Result of a cleanup, by digest."""

    repository: str
    deleted: tuple[str, ...]
    spared: tuple[str, ...]
    """Planned to go, but in use, tagged or gone by the time of the deletion."""
    referenced: tuple[str, ...]
    """Kept by ECR as an index that is not ours to delete still lists them."""
    failures: tuple[Failure, ...]
    freed_bytes: int
    """Size of the deleted images; an upper bound, as images share layers."""

    @property
    def complete(self) -> bool:
        """Whether everything that should be gone is gone."""
        return not self.failures


Refusal = tuple[str, str]
"""Code and reason with which ECR kept an image."""


def apply_cleanup(
    access: AwsAccess,
    plan: CleanupPlan,
    protect: Callable[[], ProtectedImages],
    now: datetime,
    sleep: Sleep = time.sleep,
) -> CleanupResult:
    """Delete what the plan says and what is still right to delete; confirm by listing.

    ``protect`` collects again what is in use; what it raises ends the run before any deletion. Repeatable.

    Raises:
        AwsError: the repository could not be read. A deletion that fails is part of the result.
    """
    registry = Registry(access, plan.repository)
    rows = _still_right(registry, plan, protect, now)
    if not rows:
        return _result(plan, rows, {}, frozenset())
    refused: dict[str, Refusal] = {}
    for level in sorted({row.level for row in rows}):
        digests = [row.image.digest for row in rows if row.level == level]
        refused |= _delete_all(registry, digests, sleep)
    return _result(plan, rows, refused, registry.digests())


def _still_right(
    registry: Registry, plan: CleanupPlan, protect: Callable[[], ProtectedImages], now: datetime
) -> list[PlanRow]:
    """Plan again from what is there now; keep what both plans delete, in the order of the new one."""
    inventory = registry.inventory(plan.inventory)
    fresh = plan_cleanup(inventory, protect(), plan.policy, now)
    planned = {row.image.digest for row in plan.deletions}
    return [row for row in fresh.deletions if row.image.digest in planned]


def _delete_all(registry: Registry, digests: Sequence[str], sleep: Sleep) -> dict[str, Refusal]:
    """Delete in batches, four at a time; what is throttled is tried again, one batch at a time."""
    refused, left = _pass(registry, digests, THREADS)
    wait = _FIRST_WAIT
    for _ in range(_ROUNDS):
        if not left:
            return refused
        sleep(wait)
        more, left = _pass(registry, left, 1)
        refused |= more
        wait *= 2
    return refused | dict.fromkeys(left, _THROTTLED)


def _pass(registry: Registry, digests: Sequence[str], threads: int) -> tuple[dict[str, Refusal], list[str]]:
    """Try every batch once; return the refusals and the digests of throttled batches."""
    refused: dict[str, Refusal] = {}
    throttled: list[str] = []
    chunks = list(batches(digests))
    with ThreadPoolExecutor(threads) as pool:
        for chunk, answer in zip(
            chunks, pool.map(lambda chunk: _attempt(registry, chunk), chunks), strict=True
        ):
            if isinstance(answer, AwsError) and answer.code in THROTTLED:
                throttled += chunk
            elif isinstance(answer, AwsError):
                refused |= dict.fromkeys(chunk, (answer.code or "Unreachable", str(answer)))
            else:
                refused |= answer
    return refused, throttled


def _attempt(registry: Registry, chunk: Sequence[str]) -> dict[str, Refusal] | AwsError:
    try:
        return registry.delete(chunk)
    except AwsError as error:
        return error


def _result(
    plan: CleanupPlan, rows: Sequence[PlanRow], refused: dict[str, Refusal], listed: frozenset[str]
) -> CleanupResult:
    """Sort the outcomes; the listing has the last word on whether an image is gone."""
    tried = {row.image.digest: row.image for row in rows}
    there = {digest: refused.get(digest, _UNEXPLAINED) for digest in tried if digest in listed}
    vanished = {digest for digest, (code, _) in refused.items() if code == _GONE}
    deleted = [digest for digest in tried if digest not in listed and digest not in vanished]
    referenced = tuple(digest for digest, (code, _) in there.items() if code == _REFERENCED)
    accounted = {*deleted, *there}
    return CleanupResult(
        repository=plan.repository,
        deleted=tuple(deleted),
        spared=tuple(row.image.digest for row in plan.deletions if row.image.digest not in accounted),
        referenced=referenced,
        failures=tuple(Failure(digest, *why) for digest, why in there.items() if digest not in referenced),
        freed_bytes=sum(tried[digest].size for digest in deleted),
    )
