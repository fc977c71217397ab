"""The command ``vimbiso``. Heavy packages, above all Prefect, are imported by the verb that needs them."""

import os
import sys
import tomllib
from collections.abc import Callable
from functools import wraps
from typing import Any, Literal

from cyclopts import App, CycloptsError, Group
from cyclopts.exceptions import UnusedCliTokensError

from deployments.cli import verbs
from deployments.cli.declared import FLOWS, CommandError
from deployments.cli.server import HAS_STACK, NOT_STARTED
from deployments.paths import PROJECT
from pipeline.errors import PipelineError

_DAILY = {
    "doctor": "doctor",
    "deploy": "deploy-application",
    "rollback": "rollback-application",
    "history": "history",
    "diagnose": "diagnose",
    "backup": "backup-sqlite",
    "restore": "restore-sqlite",
}
_ENDS = """A verb that starts a flow ends with 0 when the run completed, 1 when it failed, 3 when it crashed,
4 when it was cancelled, 2 when nothing was started. Ctrl-C stops following (130); the run goes on.
An emulated environment's server is the local stack's; else PREFECT_API_URL names it."""


def version() -> str:
    """Return the project's version; the image has the project, but no installed package of it."""
    return str(tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


DELIVER, APPLICATION, MACHINE, BUILD, OTHER = (
    Group.create_ordered(name)
    for name in ("Deliver", "Another application", "This machine", "Build and check", "Other")
)
app = App(
    name="vimbiso",
    help="Deliver and maintain Vimbiso Pay.",
    help_epilogue=_ENDS,
    version=version,
    print_error=False,
    exit_on_error=False,
)
run = App(name="run", help="Start any flow.", group=DELIVER)


def main() -> None:
    """Carry out what was typed."""
    try:
        code = app(sys.argv[1:], result_action="return_int_as_exit_code_else_zero")
        sys.stdout.flush()
    except (CycloptsError, CommandError) as error:
        unused = error.unused_tokens or [] if isinstance(error, UnusedCliTokensError) else []
        options = " ".join(f"--{word}" for word in unused if "=" in word)  # as make takes them
        print(error, f"Did you mean {options}?" if options else "", file=sys.stderr)
        sys.exit(NOT_STARTED)
    except PipelineError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # whoever reads has seen enough; Python would complain once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(code)


def completion(shell: Literal["bash", "zsh", "fish"], /) -> None:
    """Print the completions for a shell: source <(vimbiso completion bash).

    Args:
        shell: which shell.
    """
    print(app.generate_completion(shell=shell))


def _starting(flow: str, declared: Callable[..., None]) -> Callable[..., int]:
    """Return the verb that starts the flow; only what was typed is sent to its deployment."""

    @wraps(declared)
    def verb(environment: str, *, verbose: bool = False, json: bool = False, **parameters: Any) -> int:
        return verbs.start_flow(flow, environment, parameters, verbose, json)

    return verb


_VERBS: dict[Group, tuple[Callable[..., Any], ...]] = {
    DELIVER: (verbs.status, verbs.logs, verbs.approve, verbs.refuse, verbs.approver, verbs.restart),
    APPLICATION: (verbs.check, verbs.init),
    OTHER: (verbs.register, verbs.webhook, verbs.worker, completion),
}
if HAS_STACK:
    from deployments.local import processes
    from deployments.local import verbs as local

    _VERBS |= {
        MACHINE: (local.demo, local.up, local.down, local.clean, local.setup),
        BUILD: (local.image, local.base_image, local.check_terraform, local.pythons),
    }
    app.command(processes.stack)
for _verb, _flow in _DAILY.items():
    app.command(_starting(_flow, FLOWS[_flow]), name=_verb, group=DELIVER)
for _flow, _declared in FLOWS.items():
    run.command(_starting(_flow, _declared), name=_flow)
for _group, _functions in _VERBS.items():
    for _function in _functions:
        app.command(_function, group=_group)
app.command(run)
