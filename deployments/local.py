"""The local environment's commands: ``python -m deployments.local up|down|status|clean [--json]``."""

import argparse
import json
import sys
import time
from dataclasses import asdict

from deployments.stack.commands import clean, down, status, up
from deployments.stack.secrets import show_password
from deployments.stack.settings import Settings, load_settings
from pipeline.errors import PipelineError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns 0 when done, 1 when not, and 3 when not everything is ready."""
    parser = argparse.ArgumentParser(prog="python -m deployments.local", description=__doc__)
    parser.add_argument("command", choices=["up", "down", "status", "clean"])
    parser.add_argument("--json", action="store_true", help="answer in JSON, for other programs")
    options = parser.parse_args(arguments)
    try:
        return _run(options.command, options.json)
    except PipelineError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command's answer
        return 1


def _run(command: str, as_json: bool) -> int:
    settings = load_settings()
    begun = time.monotonic()
    if command == "up":
        up(settings, _say)
    elif command == "down":
        down(settings, _say)
    elif command == "clean":
        clean(settings, _say)
    if command in {"down", "clean"}:
        _say("Nothing of the local stack is running.")
        return 0
    if command == "up":
        _say(f"The local stack is up ({time.monotonic() - begun:.1f} s).")
    code = _report(settings, as_json)
    return 0 if command == "up" else code  # it has waited until everything was ready


def _report(settings: Settings, as_json: bool) -> int:
    states = status(settings)
    if as_json:
        document = {
            "processes": [asdict(state) for state in states],
            "aws_url": settings.aws_url,
            "prefect_url": settings.prefect_url,
            "state": str(settings.state),
        }
        print(json.dumps(document, indent=2))  # noqa: T201 - the command's answer
    else:
        for state in states:
            place = f"port {state.port}" if state.port else ""
            print(f"  {state.name:<10} {state.state:<9} {place:<11} {state.log}")  # noqa: T201 - the command's answer
        print(f"  Prefect: {settings.prefect_url}   AWS: {settings.aws_url}")  # noqa: T201 - the command's answer
        print(f"  The UI asks for a password; this shows it: {show_password(settings)}")  # noqa: T201 - the command's answer
    return 0 if all(state.state == "ready" for state in states) else 3


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - what a person reads meanwhile


if __name__ == "__main__":
    sys.exit(main())
