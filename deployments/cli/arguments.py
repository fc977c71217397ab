"""What can be typed."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

_FLOWS = {
    "deploy": ("deploy-application", "build and roll out a release: ref=v1.2, image=sha256:..."),
    "rollback": ("rollback-application", "go back to the last good release, or to release=NAME"),
    "history": ("history", "list what was released"),
    "diagnose": ("diagnose", "look for what is wrong"),
    "backup": ("backup-sqlite", "back the database up"),
    "restore": ("restore-sqlite", "put a backup back: backup=NAME"),
}
_EPILOG = """Parameters of the flow follow as NAME=VALUE; an unknown one lists those there are.
Ends with 0 when the run completed, 1 when it failed, 3 when it crashed, 4 when it was cancelled, 2 when
nothing was started. Ctrl-C stops following (130); the run goes on.
An emulated environment's server is the local stack's; else PREFECT_API_URL names it."""


@dataclass(frozen=True)
class Chosen:
    """A command as it was typed."""

    verb: str
    environment: str
    flow: str = ""
    """The flow to start; for logs: the one to look at."""
    parameters: tuple[str, ...] = ()
    """NAME=VALUE."""
    verbose: bool = False
    follow: bool = False
    lines: int = 200


def parse(arguments: Sequence[str] | None = None) -> Chosen:
    """Read the command line; ends the process with 2 and a hint where it makes no sense."""
    values = vars(_parser().parse_args(arguments))
    values["parameters"] = tuple(values.get("parameters", ()))
    return Chosen(**values)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployments", description=__doc__, epilog=_EPILOG, formatter_class=_AsWritten
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, (flow, told) in _FLOWS.items():
        _add_flow(verbs.add_parser(verb, help=told, epilog=_EPILOG, formatter_class=_AsWritten), flow)
    other = verbs.add_parser("run", help="start any other flow", epilog=_EPILOG, formatter_class=_AsWritten)
    other.add_argument("flow", metavar="FLOW")
    _add_flow(other, None)
    status = verbs.add_parser("status", help="show what runs where: release, workers, newest runs")
    status.add_argument("environment", metavar="ENVIRONMENT")
    _add_logs(verbs.add_parser("logs", help="show the log of the newest run, or of the application"))
    return parser


class _AsWritten(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of the epilog."""


def _add_flow(parser: argparse.ArgumentParser, flow: str | None) -> None:
    parser.add_argument("environment", metavar="ENVIRONMENT")
    parser.add_argument("parameters", metavar="NAME=VALUE", nargs="*")
    parser.add_argument("--verbose", action="store_true", help="show the whole log, not only warnings")
    if flow is not None:
        parser.set_defaults(flow=flow)


def _add_logs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("environment", metavar="ENVIRONMENT")
    parser.add_argument(
        "flow",
        metavar="FLOW",
        nargs="?",
        default="",
        help="'application', or a flow; the newest run's without",
    )
    parser.add_argument("--follow", "-f", action="store_true", help="go on to the run's end")
    parser.add_argument("--lines", "-n", type=int, default=200, help="how many of the newest (200)")
