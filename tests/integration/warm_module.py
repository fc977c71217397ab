"""Module that a launcher is asked to run: it tells where it is, and ends as WARM_END says."""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    here = {
        "pid": os.getpid(),
        "folder": str(Path.cwd()),
        "variables": {name: value for name, value in os.environ.items() if name.startswith("WARM_")},
        "random": random.random(),  # noqa: S311 - whether two processes share it is the question
        "warm": "prefect.flow_engine" in sys.modules,
        "home": os.environ.get("HOME"),
    }
    say(json.dumps(here))
    match os.environ["WARM_END"]:
        case "term":
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
            say("waits")
            time.sleep(60)
        case "wait":
            say("waits")
            time.sleep(60)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case code:
            sys.exit(int(code))
