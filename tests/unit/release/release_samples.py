"""Release records for tests to vary."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.ecs.model import Outcome
from pipeline.release.model import ReleaseRecord

START = datetime(2025, 3, 1, 12, tzinfo=UTC)


def record(number: int, outcome: Outcome = Outcome.SUCCEEDED, **changes: Any) -> ReleaseRecord:
    """Return the record of release ``r<number>`` on ``td:<number>``, a minute after the one before."""
    started = START + timedelta(minutes=number)
    values: dict[str, Any] = {
        "release": f"r{number}",
        "outcome": outcome,
        "message": "m",
        "kind": "deploy",
        "task_definition": f"td:{number}",
        "image": f"repo@sha256:{number}",
        "image_digest": f"sha256:{number}",
        "deployment_id": f"ecs-svc/{number}",
        "started_at": started,
        "ended_at": started + timedelta(seconds=30),
    }
    return ReleaseRecord(**(values | changes))
