"""The gates after a rollout: right tasks, healthy targets, good answers, and a soak."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pipeline.aws.errors import AwsError
from pipeline.clock import Sleep, pause
from pipeline.delivery.model import GateSettings, Verification
from pipeline.ecs.model import Deployment, Outcome
from pipeline.ecs.rollout import target_faults, task_faults
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
) -> Verification:
    """Go through the gates of the rollout algorithm, in order; ``image_digest`` None takes any."""
    settings = settings or GateSettings()
    gate = _Gate(reader, deployment_id, image_digest, container, groups)
    found = _wait(gate, settings, sleep, clock)
    if found is not None:
        return found
    reports: list[tuple[Probe, ProbeReport]] = []
    for asked in requested:
        report = ask(asked)
        if not report.healthy:
            return Verification(Outcome.UNHEALTHY, report.message)
        reports.append((asked, report))
    reports, bad = _soak(reports, settings, ask, sleep, clock)
    if bad is not None:
        return Verification(Outcome.UNHEALTHY, f"{bad.message} It answered well at first.")
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
    gate: "_Gate", settings: GateSettings, sleep: Sleep, clock: Callable[[], float]
) -> Verification | None:
    """Return why the gate stays shut when the window is over; None once it opens."""
    end = clock() + settings.window
    while True:
        found = gate.look()
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

    def look(self) -> Verification:
        try:
            return self._judge()
        except AwsError as error:
            return Verification(Outcome.UNKNOWN, str(error), final=error.final)

    def _judge(self) -> Verification:
        service = self.reader.describe()
        ours = service.deployment(self.deployment_id) if service else None
        if service is None or ours is None or ours.status != "PRIMARY":
            return Verification(Outcome.SUPERSEDED, "Our deployment is no longer PRIMARY.", final=True)
        faults = self._faults(ours)
        if faults:
            return Verification(Outcome.UNHEALTHY, "; ".join(faults))
        return Verification(Outcome.SUCCEEDED, f"{ours.running} tasks healthy in every target group.")

    def _faults(self, ours: Deployment) -> tuple[str, ...]:
        tasks = self.reader.tasks()
        return task_faults(tasks, ours, self.image_digest, self.container) or target_faults(
            tasks, ours, self.reader.targets(self.groups)
        )


def verify_running(
    service: EcsService,
    outputs: Outputs,
    requested: Iterable[Probe],
    settings: GateSettings,
    ask: Callable[[Probe], ProbeReport] = probe,
) -> Verification:
    """Return what the gates find in the tasks that run now, whatever their image.

    Raises:
        EcsError: there is no service.
    """
    primary = service.require().primary
    deployment_id = primary.id if primary else ""
    return verify(
        service, deployment_id, None, outputs.container, outputs.target_group_arns, requested, settings, ask
    )
