"""Structured logs: one JSON object a line, with chosen fields only, so that no secret can slip in."""

import json
import sys

from pipeline.clock import utc_now


def log(event: str, **fields: str | int | float | None) -> None:
    """Write one line to standard output."""
    line = {"time": utc_now().isoformat(timespec="milliseconds"), "event": event, **fields}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
