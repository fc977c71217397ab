"""Verbs that look at an environment, decide for it, or serve it."""

import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Group, Parameter
from cyclopts.validators import Number, mutually_exclusive

from deployments.cli.declared import CommandError, EnvironmentName, Json, LogName, Verbose
from deployments.cli.server import HAS_STACK, enter_stack_unless_named, server_of

_SHOWN = Group("How it is shown", validator=mutually_exclusive)


def status(environment: EnvironmentName | None = None, /, *, json: Json = False) -> int:
    """Show what runs and where: release, address, workers and newest runs.

    Ends with 1 where nothing runs or no worker serves, with 3 where the local stack is not ready.

    Args:
        environment: the local stack's processes when left out.
    """
    if environment is None:
        if not HAS_STACK:
            raise CommandError("Which environment? There is no local stack here.")
        from deployments.local.verbs import report

        return report(json)
    with server_of(environment) as client:
        from deployments.cli.status import show_status

        return show_status(client, environment, json)


def logs(
    environment: EnvironmentName,
    flow: LogName | None = None,
    /,
    *,
    follow: Annotated[bool, Parameter(alias="-f", negative="", group=_SHOWN)] = False,
    lines: Annotated[int, Parameter(alias="-n", validator=Number(gte=1))] = 200,
    json: Annotated[Json, Parameter(group=_SHOWN)] = False,
) -> int:
    """Show the log of the newest run, or the application's of the last hour.

    Args:
        flow: a flow, whose newest run is shown, or "application"; the newest run of any when left out.
        follow: go on to the run's end.
        lines: how many of the newest.
    """
    with server_of(environment) as client:
        from deployments.cli.logs import show_application_log, show_run_log

        if flow == "application":
            return show_application_log(environment, lines, json)
        return show_run_log(client, environment, flow, follow, lines, json)


def approve(
    environment: EnvironmentName,
    run: str | None = None,
    /,
    *,
    by: str = "",
    note: str = "",
    key: str = "",
    json: Json = False,
) -> int:
    """Show what waits for a decision: the whole plan; with RUN and --by: show it and approve it.

    Args:
        run: the waiting run's id, as it is shown without it.
        by: who decides.
        note: why.
        key: what is approved, as it is shown; if something else waits by now, nothing is decided.
    """
    if by and run is None:
        raise CommandError(f"A decision needs both: vimbiso approve {environment} RUN --by YOUR-NAME")
    with server_of(environment) as client:
        from deployments.cli.deciding import decide, show_waiting

        if run is None or not by:
            return show_waiting(client, environment, run, json)
        return decide(client, environment, run, "approve", by=by, note=note, key=key)


def refuse(environment: EnvironmentName, run: str, /, *, by: str, note: str = "", key: str = "") -> int:
    """Refuse what a run waits for; `approve` shows it.

    Args:
        run: the waiting run's id, as `approve` shows it.
        by: who decides.
        note: why.
        key: what is refused, as `approve` shows it; if something else waits by now, nothing is decided.
    """
    with server_of(environment) as client:
        from deployments.cli.deciding import decide

        return decide(client, environment, run, "refuse", by=by, note=note, key=key)


def approver(
    environment: EnvironmentName,
    name: str | None = None,
    /,
    *,
    remove: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Enrol an approver: a QR code for an authenticator, whose one-time codes approve. Without NAME: who is.

    Args:
        name: lower-case letters and digits.
        remove: take the approver out.
    """
    with server_of(environment):
        from deployments.cli import enrolling

        if name is None:
            return enrolling.show_approvers(environment)
        return enrolling.remove(environment, name) if remove else enrolling.enrol(environment, name)


def restart(environment: EnvironmentName, /, *, verbose: Verbose = False, json: Json = False) -> int:
    """Put changed secret values into use: run sync-secrets with --restart."""
    return start_flow("sync-secrets", environment, {"restart": True}, verbose, json)


def register(*environments: EnvironmentName) -> None:
    """Register blocks, work pools, deployments and automations with Prefect; safe to repeat.

    Emulated environments alone are registered with the local stack's server, unless the shell names another.

    Args:
        environments: all when left out.
    """
    from pipeline.environment.loader import environment

    if environments and HAS_STACK and all(environment(name).aws_endpoint_url for name in environments):
        _enter_stack_with_image()
    from deployments.registered import ensure_registered

    if not ensure_registered(environments):
        print("Nothing has changed since the last registration.", file=sys.stderr)


def _enter_stack_with_image() -> None:
    """Take over the stack's settings, and the base image that it builds on where the shell names none."""
    from deployments.local.base_image import ensure_base_image
    from pipeline.environment.loader import forget_environments

    enter_stack_unless_named()
    if "BASE_IMAGE" not in os.environ:
        os.environ["BASE_IMAGE"] = ensure_base_image(report=partial(print, file=sys.stderr))
    forget_environments()  # which were read without these values


def webhook() -> None:
    """Serve the receiver of signed pushes."""
    from deployments.webhook.app import serve

    serve()


def worker(pool: str, /, *, name: str | None = None) -> None:
    """Serve the flow runs of a process pool on this machine, with processes that start warm.

    Args:
        pool: the work pool, such as staging.
        name: the worker's name; Prefect makes one when left out.
    """
    # Prefect reads its settings when it is imported.
    for variable, value in (("WORKER_QUERY_SECONDS", "0.5"), ("LOGGING_EXTRA_LOGGERS", "pipeline")):
        os.environ.setdefault(f"PREFECT_{variable}", value)
    from deployments.worker.warm import serve

    serve(pool, name)


def check(path: Path, /, *, dockerfile: str = "", target: str = "", json: Json = False) -> int:
    """Look at a checkout of a Django application: what fits, what to configure, what to change.

    Nothing of it is run. Ends with 1 where something must be changed, with 2 where it is no such checkout.

    Args:
        path: the checkout's folder.
        dockerfile: its Dockerfile; the one nearest to the top when left out.
        target: the stage of it that is built; the last one when left out.
    """
    from deployments.cli.applications import show_check

    return show_check(path, dockerfile, target, json)


def init(
    path: Path,
    /,
    *,
    name: str,
    dockerfile: str = "",
    target: str = "",
    environment: list[str] | None = None,
    to: Path | None = None,
    repository: str = "",
    branch: str = "",
    region: str = "",
    domain: str = "",
    account_id: str = "",
    force: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Write an application's folder of configuration from what `check` finds in its checkout.

    Args:
        path: the checkout's folder.
        name: the application's name.
        dockerfile: its Dockerfile; the one nearest to the top when left out.
        target: the stage of it that is built; the last one when left out.
        environment: local when left out; give it once for each. Others than local are on AWS.
        to: the folder; deployments/applications/NAME when left out.
        repository: git URL, for environments on AWS.
        branch: branch whose pushes are deployed there.
        region: AWS region.
        domain: public host name there.
        account_id: AWS account that the credentials must belong to.
        force: write over files that are there.
    """
    from deployments.cli.applications import AwsPlace, judged, write_folder

    place = AwsPlace(repository, branch, region, domain, account_id)
    findings = judged(path, dockerfile, target)
    return write_folder(path, findings, name, list(dict.fromkeys(environment or ["local"])), to, place, force)


def start_flow(flow: str, environment: str, parameters: Mapping[str, Any], verbose: bool, json: bool) -> int:
    """Start a deployment's run and follow it to its end; returns the exit code."""
    with server_of(environment) as client:
        from deployments.cli.running import run_flow

        return run_flow(client, flow, environment, parameters, verbose, json)
