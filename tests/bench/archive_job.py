"""Archives made-up events in a process of its own, and prints seconds and peak memory as JSON.

python tests/bench/archive_job.py EVENTS
"""

import json
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "unit/logs"))

from fake_logs import FakeAws, FakeLogs, FakeS3

from pipeline.logs.archive import archive_day
from pipeline.logs.manifest import ArchiveLocation

DAY = date(2026, 2, 28)
_START = int(datetime(2026, 2, 28, tzinfo=UTC).timestamp()) * 1000
_STREAMS = 5
_PAGE = 10_000


class ManyLogs(FakeLogs):
    """Makes its events up as they are read, in CloudWatch's own largest pages."""

    def __init__(self, events: int) -> None:
        super().__init__({f"app/{number}": [(_START, _START, "x")] for number in range(_STREAMS)})
        self._each = events // _STREAMS

    def get_log_events(self, **request: Any) -> dict[str, Any]:
        """Return a page by position."""
        at = int(request.get("nextToken", "0"))
        count = min(_PAGE, self._each - at)
        return {"events": [_event(at + step) for step in range(count)], "nextForwardToken": str(at + count)}


class ForgetfulS3(FakeS3):
    """Takes the events and drops them, so that only the pipeline's memory is seen."""

    def put_object(self, **request: Any) -> dict[str, str]:
        """Take an object."""
        body = request["Body"]
        while not isinstance(body, bytes) and body.read(1 << 20):
            pass
        return {"ETag": "taken"}


def _event(number: int) -> dict[str, Any]:
    message = f'{{"level":"INFO","request":"GET /entries/{number * 7919 % 99991}","ms":{number % 313}}}'
    return {"timestamp": _START + number // 3, "ingestionTime": _START, "message": message}


def main(events: int) -> None:
    """Archive, then read the events alone, which is the fake's own time."""
    logs = ManyLogs(events)
    aws = FakeAws("af-south-1", logs=logs, s3=ForgetfulS3())
    began = time.monotonic()
    result = archive_day(aws, ArchiveLocation("bucket", "bench"), "/group", DAY)
    seconds = time.monotonic() - began
    assert result.manifest.events == events // _STREAMS * _STREAMS
    began = time.monotonic()
    for at in range(0, events, _PAGE):
        logs.get_log_events(nextToken=str(at % (events // _STREAMS)))
    made_up = time.monotonic() - began
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    peak = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))
    print(json.dumps({"seconds": seconds - made_up, "peak": peak, "bytes": result.manifest.raw_bytes}))  # noqa: T201 - the answer


if __name__ == "__main__":
    main(int(sys.argv[1]))
