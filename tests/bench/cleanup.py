"""Cleaning a registry, against the guide's script made to work."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from bench.figures import Curve, Report, Series, at_least, at_most, growth_goal, ratio
from bench.workshop import Workshop, run

from pipeline.aws.access import AwsAccess
from pipeline.ecr.apply import apply_cleanup
from pipeline.ecr.model import CleanupPolicy, ProtectedImages
from pipeline.ecr.plan import plan_cleanup
from pipeline.ecr.registry import read_inventory

HERE = Path(__file__).parent
_ALL = CleanupPolicy(keep_newest=1, max_share=1.0)
_WHY_MORE_CALLS = (
    "Reading again right before deleting, and listing afterwards, cost a call per 1,000 images each. Without "
    "them an image that came into use meanwhile would go, and a deletion that failed in silence be unseen."
)
_REGION = "af-south-1"


def cleanup(shop: Workshop) -> Report:
    """Delete untagged images: a curve for the pipeline, one size for both."""
    sizes = shop.sizes
    points = tuple((float(count), _least(count, shop)) for count in sizes.image_curve)
    ours = [_pipeline(sizes.images, sizes.latency) for _ in range(sizes.times)]
    shop.say("the guide's script")
    seconds, calls = _script(shop, sizes.images, sizes.latency)
    pipeline = Series(f"pipeline, {sizes.images:,} images", "s", tuple(time for time, _ in ours))
    script = Series("the guide's script in batches of 100", "s", (seconds,))
    least = sizes.images // 1000 + sizes.images // 100
    curve = Curve("cleanup", "images", "s", points)
    return Report(
        name="cleanup",
        title="Cleaning the registry",
        groups=(
            (pipeline, script),
            (
                Series("calls of the pipeline", "calls", (float(ours[0][1]),)),
                Series("calls of the script", "calls", (float(calls),)),
            ),
        ),
        curves=(curve,),
        goals=(
            at_least("cleanup at least 5 x faster than the script", ratio(script, pipeline), 5, "x"),
            at_most(
                f"cleanup of {sizes.images:,} images with the least possible calls ({least})",
                ours[0][1],
                least,
                "calls",
                _WHY_MORE_CALLS,
            ),
            growth_goal(curve, "Between 0.75 and 1.10 on one day; why was not looked into."),
        ),
        remarks=(
            f"The registry is made up: AWS's pages and limits, {sizes.latency * 1000:.0f} ms an answer.",
            "The script starts the AWS CLI for each batch; both delete untagged images only.",
        ),
    )


def _least(count: int, shop: Workshop) -> float:
    """Return the least seconds of a few times: what disturbs only adds."""
    return min(_pipeline(count, shop.sizes.latency)[0] for _ in range(min(shop.sizes.times, 2)))


def _pipeline(count: int, latency: float) -> tuple[float, int]:
    """Return seconds and calls."""
    with registry(count, latency) as url:
        access = AwsAccess(_REGION, url, "test", "test")
        access.client("ecr")
        began = time.monotonic()
        now = datetime.now(UTC)
        plan = plan_cleanup(read_inventory(access, "app"), ProtectedImages(), _ALL, now)
        result = apply_cleanup(access, plan, ProtectedImages, now)
        seconds = time.monotonic() - began
        if len(result.deleted) != count:
            raise RuntimeError(f"{len(result.deleted)} of {count} images were deleted")
        return seconds, _calls(url)


def _script(shop: Workshop, count: int, latency: float) -> tuple[float, int]:
    with registry(count, latency) as url:
        variables = {
            "AWS": str(shop.tools.aws),
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": _REGION,
            "REPOSITORY": "app",
            "WORK": str(shop.room()),
            "PYTHON": sys.executable,
        }
        began = time.monotonic()
        run(["sh", HERE / "cleanup.sh"], variables)
        return time.monotonic() - began, _calls(url)


def _calls(url: str) -> int:
    return sum(httpx.get(url, trust_env=False).json().values())


@contextmanager
def registry(count: int, latency: float) -> Iterator[str]:
    """Serve a registry from a process of its own."""
    command = [sys.executable, str(HERE / "ecr_server.py"), str(count), str(latency)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.communicate()
