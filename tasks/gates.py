"""Gates that a release goes through, and the check of what runs."""

import logging
import time
from dataclasses import replace
from datetime import datetime

from prefect.logging import get_run_logger

from pipeline.aws.errors import AwsError
from pipeline.clock import utc_now
from pipeline.delivery.evidence import TaskLogs, read_alarms, read_before, read_release, with_alarms
from pipeline.delivery.model import GateSettings, Verification
from pipeline.delivery.running import is_in_doubt, with_logs
from pipeline.delivery.start import Started, StartKind, tell_hold
from pipeline.delivery.verify import verify, verify_running
from pipeline.ecs.model import EcsError, Outcome
from pipeline.live import LiveEnvironment
from pipeline.release.model import Rollout
from pipeline.release.rollback import was_good
from pipeline.release.store import RecordError
from tasks.support import step


@step
def verify_release(
    live: LiveEnvironment, started: Started, tasks: int | None = None, *, again: bool = False
) -> Verification:
    """Go through the gates: tasks, target health, HTTP answers, a soak, the tasks' logs, quiet alarms.

    ``tasks`` is how many must be healthy; None: as many as the service wants now. Where they were open
    before, one look ``again`` and two answers are enough.
    """
    rollout, proven = started.rollout, started.kind is StartKind.NO_CHANGE and is_proven(live, started)
    since = utc_now() if proven else started.since  # what ran well for a week is not judged by its past
    found = verify(
        live.service,
        rollout.deployment_id,
        rollout.release.digest,
        live.outputs.container,
        live.outputs.target_group_arns,
        (replace(asked, in_a_row=2) if again else asked for asked in live.probes(rollout.release.name)),
        GateSettings(soak=0 if again else live.settings.soak),
        tasks=tasks,
    )
    found = _read_logs(live, found, rollout, since)
    if not proven:
        found = _read_alarms(live, found, since)
    level = logging.INFO if found.outcome is Outcome.SUCCEEDED else logging.WARNING
    get_run_logger().log(level, "%s: %s", found.outcome, found.message)
    return found


_DOUBT, _LOOK = 45.0, 5.0
"""Seconds in which processes that go on dying are found, slow as they may start; and between two looks."""


def _read_logs(live: LiveEnvironment, found: Verification, rollout: Rollout, since: datetime) -> Verification:
    if found.outcome is not Outcome.SUCCEEDED:
        return found
    logs = TaskLogs(live.access, live.outputs.log_group)
    try:
        before = read_before(live.service, logs, rollout)
        now = read_release(live.service, logs, rollout, since)
        if is_in_doubt(now, before):
            get_run_logger().warning("%s. Does it happen again?", now.deaths[-1])
        end = time.monotonic() + _DOUBT
        while is_in_doubt(now, before) and time.monotonic() < end:
            time.sleep(_LOOK)
            now = read_release(live.service, logs, rollout, since)
    except AwsError as error:
        get_run_logger().warning("The tasks' logs say nothing for or against this release: %s", error)
        return found
    return with_logs(found, now, before)


def is_proven(live: LiveEnvironment, started: Started) -> bool:
    """Whether the newest record of the release says that it was good."""
    definition = started.rollout.release.task_definition
    return was_good(live.releases.latest(), definition)


def _read_alarms(live: LiveEnvironment, found: Verification, since: datetime) -> Verification:
    outputs = live.outputs
    telling = outputs.alarm_names if outputs.release_alarm_names is None else outputs.release_alarm_names
    try:
        alarms = read_alarms(live.access, live.outputs.alarm_names)
    except AwsError as error:
        get_run_logger().warning("The alarms say nothing for or against this release: %s", error)
        return found
    return with_alarms(found, alarms, since, telling)


_TIME_TO_APPEAR = 45.0
"""Seconds that ECS may take to start a task that auto scaling wants, or that takes the place of another."""


@step
def check_running_release(live: LiveEnvironment) -> Verification:
    """Ask whether visitors are served; before the first release there is nothing to ask."""
    service = live.service.require()
    if service.task_definition == live.outputs.task_definition_arn and not live.releases.newest_good(1):
        found = Verification(Outcome.NO_CHANGE, "No release runs yet: there is nothing to check.")
    else:
        settings = GateSettings(window=_TIME_TO_APPEAR, soak=0)
        found = verify_running(live.service, live.outputs, live.probes(), settings)
    get_run_logger().info("%s: %s", found.outcome, found.message)
    return found


@step
def tell_rollback_off(live: LiveEnvironment) -> str:
    """Say that a killed run has left ECS's own rollback off; "" where it has not, or it cannot be told."""
    try:
        opened = live.releases.open_rollout()
        told = tell_hold(opened, live.service.require()) if opened else ""
    except (AwsError, EcsError, RecordError) as error:
        get_run_logger().warning("Whether ECS's own rollback is on cannot be told: %s", error)
        return ""
    if told:
        get_run_logger().warning(told)
    return told
