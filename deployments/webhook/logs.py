"""Structured logs: one JSON object a line, with chosen fields only, so that no secret can slip in."""

import json
import sys
from datetime import UTC, datetime


def log(event: str, **fields: str | int | float | None) -> None:
    """Write one line to standard output."""
    line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **fields}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
