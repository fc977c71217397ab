"""The gates after a rollout: right tasks, healthy targets, good answers, and a soak."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from pipeline.aws.errors import AwsError
from pipeline.clock import Clock, Sleep, pause, utc_now
from pipeline.delivery.model import GateSettings, Verification
from pipeline.ecs.gates import belongs, count_healthy, health_faults, target_faults, task_faults
from pipeline.ecs.model import Outcome
from pipeline.ecs.service import EcsService
from pipeline.health.model import Probe, ProbeReport, Reply
from pipeline.health.probe import probe
from pipeline.outputs import Outputs


def verify(
    reader: EcsService,
    deployment_id: str,
    image_digest: str | None,
    container: str,
    groups: tuple[str, ...],
    requested: Iterable[Probe],
    settings: GateSettings | None = None,
    ask: Callable[[Probe], ProbeReport] = probe,
    sleep: Sleep = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    tasks: int | None = None,
) -> Verification:
    """Go through the gates of the rollout algorithm, in order.

    ``image_digest`` None takes any. ``tasks`` is how many must be healthy; None: as many as are wanted.
    """
    settings = settings or GateSettings()
    gate = _Gate(reader, deployment_id, image_digest, container, groups, tasks)
    found = _wait(gate.look, settings, sleep, clock)
    if found is not None:
        return found
    reports: list[tuple[Probe, ProbeReport]] = []
    for asked in requested:
        report = ask(asked)
        if not report.healthy:
            return Verification(Outcome.UNHEALTHY, report.message, final=True)
        reports.append((asked, report))
    reports, bad = _soak(reports, settings, ask, sleep, clock)
    if bad is not None:
        return Verification(Outcome.UNHEALTHY, f"{bad.message} It answered well at first.", final=True)
    after_soak = gate.look()
    if after_soak.outcome is not Outcome.SUCCEEDED:
        return Verification(after_soak.outcome, f"After the soak: {after_soak.message}")
    told = " ".join(report.message for _, report in reports)
    return Verification(Outcome.SUCCEEDED, f"{after_soak.message} {told}")


_TOLERATED = 0.1
"""Share of bad answers in the soak from which on a release is unhealthy; two of them in any case."""


def _soak(
    reports: list[tuple[Probe, ProbeReport]],
    settings: GateSettings,
    ask: Callable[[Probe], ProbeReport],
    sleep: Sleep,
    clock: Callable[[], float],
) -> tuple[list[tuple[Probe, ProbeReport]], ProbeReport | None]:
    """Go on asking until the soak is over; return all answers, and those of a path that became bad."""
    limit = max(2.0, _TOLERATED * settings.soak / settings.interval)
    replies: dict[str, tuple[Reply, ...]] = {asked.url: () for asked, _ in reports}
    end = clock() + settings.soak
    while settings.soak and clock() < end:
        pause(settings.interval, sleep)
        for asked, _ in reports:
            replies[asked.url] += ask(replace(asked, in_a_row=1, window=0)).replies
            if sum(reply.fault is not None for reply in replies[asked.url]) >= limit:
                return reports, ProbeReport(asked.shown, False, replies[asked.url])
    whole = [
        (asked, replace(report, replies=report.replies + replies[asked.url])) for asked, report in reports
    ]
    return whole, None


def _wait(
    look: Callable[[], Verification], settings: GateSettings, sleep: Sleep, clock: Callable[[], float]
) -> Verification | None:
    """Return why the gate stays shut when the window is over; None once it opens."""
    end = clock() + settings.window
    while True:
        found = look()
        if found.outcome is Outcome.SUCCEEDED:
            return None
        if found.final or clock() >= end:
            return found
        pause(settings.interval, sleep)


@dataclass(frozen=True)
class _Gate:
    reader: EcsService
    deployment_id: str
    image_digest: str | None
    container: str
    groups: tuple[str, ...]
    tasks: int | None

    def look(self) -> Verification:
        return _looked(self._judge)

    def _judge(self) -> Verification:
        service = self.reader.describe()
        ours = service.deployment(self.deployment_id) if service else None
        if service is None or ours is None or ours.status != "PRIMARY":
            return Verification(Outcome.SUPERSEDED, "Our deployment is no longer PRIMARY.", final=True)
        found, groups = self.reader.tasks(), self.reader.targets(self.groups)
        own = [task for task in found if belongs(task, ours)]
        faults = task_faults(found, ours, self.image_digest, self.container) or target_faults(own, groups)
        healthy, lacks = count_healthy(own, groups)
        # Auto scaling and rebalancing add tasks that are not healthy yet; scaling in takes some away.
        # A list that lags may know of no task yet that is to start.
        wanted = ours.desired if self.tasks is None else min(self.tasks, ours.desired) or self.tasks
        if faults or healthy < wanted:
            few = (f"{healthy} of {wanted} tasks run and are healthy",) if healthy < wanted else ()
            return Verification(Outcome.UNHEALTHY, "; ".join((*few, *(faults or lacks))))
        return Verification(Outcome.SUCCEEDED, f"{healthy} tasks healthy in every target group.")


def _looked(judge: Callable[[], Verification]) -> Verification:
    try:
        return judge()
    except AwsError as error:
        return Verification(Outcome.UNKNOWN, str(error), final=error.final)


def verify_primary(
    service: EcsService,
    outputs: Outputs,
    requested: Iterable[Probe],
    settings: GateSettings,
    tasks: int,
    ask: Callable[[Probe], ProbeReport] = probe,
) -> Verification:
    """Return what the gates find in PRIMARY's tasks, whatever their image: so many must be well.

    Raises:
        EcsError: there is no service.
    """
    primary = service.require().primary
    deployment_id = primary.id if primary else ""
    groups = outputs.target_group_arns
    return verify(
        service, deployment_id, None, outputs.container, groups, requested, settings, ask, tasks=tasks
    )


_YOUNG = timedelta(minutes=5)
"""Age up to which a task may not be healthy yet: an image is pulled, a target registered."""


def verify_running(
    service: EcsService,
    outputs: Outputs,
    requested: Iterable[Probe],
    settings: GateSettings,
    now: Clock = utc_now,
    ask: Callable[[Probe], ProbeReport] = probe,
    sleep: Sleep = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Verification:
    """Return whether visitors are served now, whichever deployment serves them.

    While a release rolls out, or auto scaling adds tasks, those that are young may still come up.
    """

    def judge() -> Verification:
        found, groups = service.tasks(), service.targets(outputs.target_group_arns)
        wanted = service.require().desired
        healthy, lacks = count_healthy(found, groups)
        young = [task for task in found if now() - task.created_at < _YOUNG]
        old = [task for task in found if task not in young]
        faults = health_faults(found) + target_faults(old, groups)
        if faults or healthy + len(young) < wanted or (wanted and not healthy):
            told = f"{healthy} of {wanted} tasks run and are healthy"
            return Verification(Outcome.UNHEALTHY, "; ".join((told, *(faults or lacks))))
        return Verification(Outcome.SUCCEEDED, f"{healthy} of {wanted} tasks healthy in every target group.")

    found = _wait(lambda: _looked(judge), settings, sleep, clock)
    if found is not None:
        return found
    reports = [ask(asked) for asked in requested]
    bad = next((report for report in reports if not report.healthy), None)
    if bad is not None:
        return Verification(Outcome.UNHEALTHY, bad.message)
    told = " ".join(report.message for report in reports)
    return Verification(Outcome.SUCCEEDED, f"{_looked(judge).message} {told}")
