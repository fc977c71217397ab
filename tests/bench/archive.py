"""Archiving a day of log events."""

import json
import sys
from pathlib import Path
from typing import Any

from bench.figures import Curve, Report, Series, growth_goal
from bench.workshop import Workshop, run

JOB = Path(__file__).with_name("archive_job.py")


def archive(shop: Workshop) -> Report:
    """Archive days of more and more events, each in a process of its own."""
    sizes = shop.sizes
    curve = [(count, _job(count)) for count in sizes.event_curve]
    again = [_job(sizes.events) for _ in range(min(sizes.times, 3) - 1)]
    runs = [found for count, found in curve if count == sizes.events] + again
    time_curve = Curve(
        "archive, time", "events", "s", tuple((float(count), found["seconds"]) for count, found in curve)
    )
    memory_curve = Curve(
        "archive, memory", "events", "MiB", tuple((float(count), found["peak"]) for count, found in curve)
    )
    return Report(
        name="archive",
        title="Archiving logs",
        groups=(
            (Series(f"{sizes.events:,} events", "s", tuple(found["seconds"] for found in runs)),),
            (Series("memory of the whole process", "MiB", tuple(found["peak"] for found in runs)),),
        ),
        curves=(time_curve, memory_curve),
        goals=(growth_goal(time_curve), growth_goal(memory_curve)),
        remarks=(
            "CloudWatch Logs and S3 are made up in the same process and answer at once, 10,000 events each.",
            "What making the events up takes is taken off. CloudWatch itself allows 25 such pages a second.",
        ),
    )


def _job(events: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run([sys.executable, JOB, str(events)]))
    return found
