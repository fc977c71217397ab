"""Decides which images of a repository go. Pure: no I/O, no clock."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from itertools import count as count_up

from pipeline.ecr.model import CleanupPolicy, Inventory, ProtectedImages, RegistryImage

_BELONGS = "belongs to {}, which stays"


@dataclass(frozen=True)
class PlanRow:
    """One image, what happens to it, and why."""

    image: RegistryImage
    delete: bool
    reason: str
    level: int = 0
    """Images of a lower level are deleted first: an index before its children."""


@dataclass(frozen=True)
class CleanupPlan:
    """Plan of a cleanup. ``rows`` has every image: deletions first, in the order they are made."""

    repository: str
    policy: CleanupPolicy
    rows: tuple[PlanRow, ...]
    absent: tuple[str, ...] = ()
    """Digests and tags in use that the repository does not hold: their next task start fails."""
    capped: int = 0
    """Images that stay only because one run may not delete more."""
    inventory: Inventory = field(repr=False, default=Inventory("", ()))

    @property
    def deletions(self) -> tuple[PlanRow, ...]:
        """The images to delete, in order."""
        return tuple(row for row in self.rows if row.delete)

    @property
    def kept(self) -> tuple[PlanRow, ...]:
        """The images that stay."""
        return tuple(row for row in self.rows if not row.delete)

    @property
    def bytes(self) -> int:
        """Size of the images to delete; an upper bound, as images share layers."""
        return sum(row.image.size for row in self.deletions)


def plan_cleanup(
    inventory: Inventory, protected: ProtectedImages, policy: CleanupPolicy, now: datetime
) -> CleanupPlan:
    """Keep what is protected or wanted by the policy with all that hangs on it; delete the rest.

    What hangs on an image: the children of an index and the referrers of a subject, recursively. An
    index that lists a protected image stays too. At most ``policy.max_share`` of the images are
    deleted in one run, the oldest first.
    """
    in_use = _in_use(inventory, protected)
    reasons = _closure(inventory.edges, {**_requested(inventory, policy, now), **in_use}, _BELONGS)
    going = [image for image in inventory.images if image.digest not in reasons]
    levels = _levels(inventory, {image.digest for image in going})
    going.sort(key=lambda image: (levels[image.digest], image.pushed_at, image.digest))
    limit = int(policy.max_share * len(inventory.images))
    waiting = {image.digest: "waits for the next run: this one may delete no more" for image in going[limit:]}
    reasons = _closure(inventory.edges, {**waiting, **reasons}, _BELONGS)
    rows = [
        PlanRow(image, delete=True, reason=_why(image, policy), level=levels[image.digest])
        for image in going
        if image.digest not in reasons
    ]
    rows += [
        PlanRow(image, delete=False, reason=reasons[image.digest])
        for image in inventory.images
        if image.digest in reasons
    ]
    capped = sum(image.digest in reasons for image in going)
    return CleanupPlan(
        inventory.repository, policy, tuple(rows), _absent(inventory, protected), capped, inventory
    )


def _in_use(inventory: Inventory, protected: ProtectedImages) -> dict[str, str]:
    """Return the digests in use with who uses them, and the indexes that list one of them."""
    found = {d: why for d, why in protected.digests.items() if d in inventory.by_digest}
    for tag, why in protected.tags.items():
        if tag in inventory.by_tag:
            found.setdefault(inventory.by_tag[tag].digest, why)
    parents: dict[str, list[str]] = defaultdict(list)
    for image in inventory.images:
        for child in image.children:
            parents[child].append(image.digest)
    return _closure(parents, found, "lists {}, which is in use")


def _absent(inventory: Inventory, protected: ProtectedImages) -> tuple[str, ...]:
    digests = protected.own_digests - inventory.by_digest.keys()
    return tuple(sorted(digests) + sorted(protected.tags.keys() - inventory.by_tag.keys()))


def _requested(inventory: Inventory, policy: CleanupPolicy, now: datetime) -> dict[str, str]:
    """Return what the policy keeps for its own sake, with the reason."""
    found: dict[str, str] = {}
    releases = [image for image in inventory.images if image.release_tags]
    for image in releases:
        if any(fnmatchcase(tag, pattern) for tag in image.tags for pattern in policy.keep_tags):
            found[image.digest] = "its tag is always kept"
    others = [image for image in releases if image.digest not in found]
    others.sort(key=lambda image: (image.pushed_at, image.digest), reverse=True)
    for index, image in enumerate(others):
        if index < policy.keep_newest:
            found[image.digest] = f"one of the newest {policy.keep_newest}"
        elif now - image.pushed_at < timedelta(days=policy.keep_days):
            found[image.digest] = f"younger than {policy.keep_days} days"
    for image in inventory.images:
        if now - image.pushed_at < policy.grace:
            found.setdefault(image.digest, "just pushed")
    return found


def _closure(edges: Mapping[str, Sequence[str]], roots: Mapping[str, str], why: str) -> dict[str, str]:
    """Add to the kept images all that edges lead to; a reason given earlier stays."""
    reasons = dict(roots)
    todo = list(roots)
    while todo:
        digest = todo.pop()
        for other in edges.get(digest, ()):
            if other not in reasons:
                reasons[other] = why.format(digest.removeprefix("sha256:")[:12])
                todo.append(other)
    return reasons


def _levels(inventory: Inventory, going: Collection[str]) -> dict[str, int]:
    """Number the deletions so that each image comes after every image it belongs to."""
    above: dict[str, set[str]] = {digest: set() for digest in going}
    for digest in going:
        for other in above.keys() & inventory.edges.get(digest, ()):
            above[other].add(digest)
    sorter = TopologicalSorter(above)
    with suppress(CycleError):  # tags can name a subject in a circle: those go last
        sorter.prepare()
    levels: dict[str, int] = {}
    for level in count_up():
        layer = sorter.get_ready()
        if not layer:
            break
        levels |= dict.fromkeys(layer, level)
        sorter.done(*layer)
    return dict.fromkeys(going, level) | levels


def _why(image: RegistryImage, policy: CleanupPolicy) -> str:
    if image.release_tags:
        return f"older than {policy.keep_days} days and not of the newest {policy.keep_newest}"
    return "belongs to an image that goes or is gone" if image.subjects else "untagged"
