"""Builds, scans and pushes a release's image, finds it in the registry, and cleans the registry up."""

from contextlib import suppress
from functools import partial
from uuid import uuid4

from prefect.logging import get_run_logger

from pipeline.aws.errors import AwsError
from pipeline.clock import utc_now
from pipeline.ecr.apply import CleanupResult, apply_cleanup
from pipeline.ecr.in_use import collect_in_use
from pipeline.ecr.model import CleanupPolicy, ProtectedImages
from pipeline.ecr.plan import CleanupPlan, plan_cleanup
from pipeline.ecr.registry import read_inventory
from pipeline.environment.loader import state_folder
from pipeline.errors import PipelineError
from pipeline.image.build import build_image
from pipeline.image.contents import require_startable
from pipeline.image.engine import connect, image_architecture, remove_older, tagged
from pipeline.image.layers import read_files
from pipeline.image.packages import TELLING, software_bill
from pipeline.image.push import ecr_login, push_image
from pipeline.image.registry import (
    Repository,
    add_tag,
    find_image,
    find_platform_image,
    repository_at,
)
from pipeline.image.request import BuildEvent, BuildRequest, ImageError, TagExistsError, image_labels
from pipeline.image.scan import judge_scan, scan_rows, wait_for_findings
from pipeline.image.signature import sign_image
from pipeline.live import LiveEnvironment
from pipeline.preflight.cloud import PresentService
from pipeline.preflight.engine import FARGATE
from pipeline.release.model import Release
from pipeline.source.location import ResolvedSource
from pipeline.source.resolve import source_of
from tasks.support import retried_step, show_page, show_table, step

_KEPT = 3
"""Images of a repository that stay on the worker's machine."""
_PUSHED = "pushed-"
"""Beginning of the tag under which an image is pushed that is signed before it has its own."""


def _in_use(live: LiveEnvironment) -> ProtectedImages:
    records = live.releases.newest_good()
    good = {record.image_digest for record in records if record.image_digest}
    return collect_in_use(live.access, live.outputs, good)


@retried_step
def plan_image_cleanup(live: LiveEnvironment, policy: CleanupPolicy) -> CleanupPlan:
    """Decide about every image of the repository, and show the decision."""
    inventory = read_inventory(live.access, live.outputs.repository_name)
    plan = plan_cleanup(inventory, _in_use(live), policy, utc_now())
    freed = sum(row.image.size for row in plan.deletions)
    summary = f"{len(plan.deletions)} of {len(plan.rows)} images go, {freed / 1e6:.1f} MB"
    get_run_logger().info("%s: %s", live.outputs.repository_name, summary)
    for name in plan.absent:
        get_run_logger().warning("%s is in use but not in the repository: its next start fails", name)
    show_table(
        live,
        "cleanup-ecr",
        [
            {
                "image": ", ".join(row.image.tags) or row.image.digest[:19],
                "pushed": f"{row.image.pushed_at:%Y-%m-%d %H:%M}",
                "MB": round(row.image.size / 1e6, 1),
                "decision": "delete" if row.delete else "keep",
                "reason": row.reason,
            }
            for row in plan.rows
        ],
        f"{live.outputs.repository_name}: {summary}",
    )
    return plan


@step
def delete_images(live: LiveEnvironment, plan: CleanupPlan) -> CleanupResult:
    """Delete what the plan says and what is still right to delete."""
    result = apply_cleanup(live.access, plan, lambda: _in_use(live), utc_now())
    with suppress(AwsError):
        live.bills.remove(result.deleted)
    get_run_logger().info(
        "Deleted %d images, %.1f MB; spared %d",
        len(result.deleted),
        result.freed_bytes / 1e6,
        len(result.spared),
    )
    for item in result.failures:
        get_run_logger().error("%s stays: %s %s", item.digest, item.code, item.reason)
    show_page(
        live,
        "cleaned-ecr",
        (
            f"## {len(result.deleted)} images deleted, {result.freed_bytes / 1e6:.1f} MB freed\n\n"
            f"Spared, as they came into use meanwhile: {len(result.spared)}. "
            f"Not deleted, see the log: {len(result.failures)}."
        ),
        f"{live.outputs.repository_name}: what the cleanup did",
    )
    return result


@retried_step
def pass_scan_gate(live: LiveEnvironment, digest: str) -> str:
    """Wait for the registry's findings in an image, show them, and refuse what the environment blocks.

    Raises:
        ImageError: naming the findings.
    """
    log, settings = get_run_logger(), live.settings.scan
    if settings.block_at is None and not settings.required:
        log.info("SKIPPED: this environment does not look at scan results.")
        return "SKIPPED"
    found = wait_for_findings(live.access, live.outputs.repository_name, digest, _architecture(live))
    verdict = judge_scan(found, settings, utc_now().date())
    level = log.error if verdict.outcome == "BLOCKED" else log.info
    level("%s: %s", verdict.outcome, verdict.reason)
    show_table(live, "scan", scan_rows(found, verdict), f"{verdict.outcome}: {verdict.reason} Image {digest}")
    if verdict.outcome == "BLOCKED":
        raise ImageError(f"Image {digest} is not deployed; nothing was changed. {verdict.reason}")
    return verdict.outcome


@step
def list_packages(live: LiveEnvironment, release: Release) -> Release:
    """Keep a bill of materials of a release's image; return the release with its key, or why there is none.

    It keeps no release from being delivered, whatever it meets.
    """
    log = get_run_logger()
    try:
        key = live.bills.find(release.digest) or _write_bill(live, release)
    except PipelineError as error:
        return _without_bill(release, str(error))
    except Exception as error:  # noqa: BLE001 - images of others hold what they like
        return _without_bill(release, f"{type(error).__name__}: {error}")
    log.info("The bill of materials of %s is %s", release.name, key)
    return release.model_copy(update={"bill": key, "no_bill": ""})


def _write_bill(live: LiveEnvironment, release: Release) -> str:
    repository = live.outputs.repository_name
    digest = find_platform_image(live.access, repository, release.digest, _architecture(live))
    if digest is None:
        raise ImageError("it is an index without an image for what the tasks run on")
    notes = state_folder() / "layers" / live.name
    files = read_files(live.access, repository, digest, TELLING, live.settings.registry, notes=notes)
    bill, count = software_bill(repository, release.name, digest, files, utc_now())
    get_run_logger().info("%d packages in image %s", count, digest)
    return live.bills.write(release.digest, bill)


def _without_bill(release: Release, why: str) -> Release:
    get_run_logger().warning("No list of the packages in image %s is kept: %s", release.digest, why)
    return release.model_copy(update={"bill": "", "no_bill": why})


def _architecture(live: LiveEnvironment) -> str:
    """The architecture that the tasks run on, as images name it; Fargate's own where nothing is said."""
    platform = PresentService(live).definition.get("runtimePlatform") or {}
    return image_architecture(platform.get("cpuArchitecture") or FARGATE)


@retried_step
def fetch_source(live: LiveEnvironment, ref: str | None, branch_only: bool = False) -> ResolvedSource:
    """Pin the source at ``ref``; without one: the environment's branch, or the folder as it lies there."""
    found = source_of(live.settings, ref, live.token, branch_only=branch_only)
    where, commit = found.ref or "hand", found.commit or "no commit"
    get_run_logger().info("Release %s from %s at %s: %s", found.release, found.repository, where, commit)
    return found


@retried_step
def find_release(live: LiveEnvironment, name: str) -> Release | None:
    """Look a release up in the registry by its tag or digest; a release that is there isn't built again."""
    found = find_image(live.access, live.outputs.repository_name, name)
    if found is None:
        return None
    get_run_logger().info("%s is in the registry: %s", name, found.digest)
    named = (tag for tag in found.tags if not tag.startswith(_PUSHED))
    release = next(named, name.removeprefix("sha256:")[:12])
    pinned = _repository(live).pinned(found.digest)
    return Release(name=release, image=pinned, digest=found.digest)


@step
def require_image(live: LiveEnvironment, name: str) -> Release:
    """Find an image that was made elsewhere."""
    found = find_release.fn(live, name)
    if found is None:
        raise ImageError(
            f"Repository {live.outputs.repository_name} has no image {name}. Push it first, or deploy a ref."
        )
    return found


@step
def build_release(live: LiveEnvironment, source: ResolvedSource) -> str:
    """Build the image of a release and return its reference; every step shows in the log."""
    log = get_run_logger()
    settings = live.settings.source
    image = _repository(live).tagged(source.release)

    def on_event(event: BuildEvent) -> None:
        if event.kind != "output":
            log.info(
                "[%s/%s] %s%s", event.step, event.steps, event.text, " (cached)" * (event.kind == "cached")
            )

    request = BuildRequest(
        context=source.path,
        image=image,
        dockerfile=settings.dockerfile,
        arguments=settings.build_args,
        labels=image_labels(source, utc_now()),
        target=settings.target,
    )
    built = build_image(connect(), request, on_event)
    log.info("%d steps, %d from the cache, %.1f s", built.steps, built.cached, built.seconds)
    return image


@step
def check_image(live: LiveEnvironment, image: str) -> None:
    """Look into an image before it is pushed, and refuse one from which the application cannot start."""
    remark = require_startable(connect(), image, live.settings)
    if remark:
        get_run_logger().warning(remark)


@step
def push_release(live: LiveEnvironment, source: ResolvedSource, image: str) -> Release:
    """Push the image; the digest that the registry answers is what gets deployed.

    Where the registry has the release already, that is it: the answer to an attempt may have been lost.
    Where images are signed, this one gets the release's tag once its signature is there, so that nothing is
    ever signed which this step has not pushed.
    """
    log = get_run_logger()
    try:
        digest = _push_signed(live, image) if live.signing_key else _push(live, image)
    except TagExistsError:
        found = find_image(live.access, live.outputs.repository_name, source.release)
        if found is None:
            raise
        digest = found.digest
    pinned = _repository(live).pinned(digest)
    log.info("Pushed %s", pinned)
    if gone := remove_older(connect(), _repository(live).address, _KEPT):
        log.info("Removed %d older images from this machine; the registry keeps them", len(gone))
    return Release(
        name=source.release,
        image=pinned,
        digest=digest,
        revision=source.revision,
        ref=source.ref or "",
        commit=source.commit,
    )


def _push(live: LiveEnvironment, image: str) -> str:
    return push_image(connect(), image, partial(ecr_login, live.access), get_run_logger().info)


def _push_signed(live: LiveEnvironment, image: str) -> str:
    """Push an image under a tag of this push, sign it, give it its own tag; the first stays beside it."""
    repository, first = _repository(live), f"{_PUSHED}{uuid4().hex}"
    with tagged(connect(), image, repository.address, first):
        digest = _push(live, repository.tagged(first))
    sign_image(live.access, repository, digest, live.signing_key, live.settings.registry)
    add_tag(live.access, repository.name, digest, image.rpartition(":")[2])
    get_run_logger().info("Signed %s with %s", digest, live.signing_key)
    return digest


def _repository(live: LiveEnvironment) -> Repository:
    return repository_at(live.outputs.repository_url, live.settings.registry)
