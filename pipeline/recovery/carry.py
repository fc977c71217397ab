"""Carries a restore in place to its end: forward while all goes well, else back to the old database."""

import time
from collections.abc import Callable
from typing import Protocol

from pipeline.clock import pause, utc_now
from pipeline.delivery.start import end_rollout
from pipeline.ecs.model import Outcome, revision_name
from pipeline.ecs.scaling import HELD, AutoScaling
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.recovery.record import OpenRestore, OpenRestores, Phase, RecoveryError
from pipeline.release.model import BY_HAND, ReleaseRecord
from pipeline.sqlite.backup import UnsavedError, back_up
from pipeline.sqlite.model import BEFORE_RESTORE, SqliteJobError
from pipeline.sqlite.restore import Swapped, swap_back, swap_orders
from pipeline.sqlite.runner import Report
from pipeline.sqlite.store import find_backup, read_manifest

_TIME_TO_STOP = 900.0
"""Seconds: the load balancer's draining, the container's stop time-out, and a one-off task that ends."""


class RestoreSteps:
    """Does each step and reports it.

    ``health`` is told how many tasks there must be, and returns a fault, or None where the service is well.
    """

    def __init__(self, live: LiveEnvironment, health: Callable[[int], str | None], report: Report) -> None:
        outputs = live.outputs
        self._live, self._health, self._report = live, health, report
        self._records = OpenRestores(live)
        self._service = live.service
        self._tasks = live.one_off_tasks
        self._scaling = AutoScaling(live.access, outputs)

    def note(self, restore: OpenRestore) -> None:
        """Write down how far it is, before the phase begins."""
        self._records.write(restore)
        self._report(f"Phase {restore.phase}")

    def stop(self) -> None:
        """Suspend auto scaling, scale to zero, and wait until no task of the cluster is left."""
        self._scaling.set(HELD)
        self._wait_for_no_tasks()
        self._report("No task is left")

    def exchange(self, restore: OpenRestore) -> str | None:
        """Put the restored file in place, compared with its manifest once more, and back up the old one."""
        manifest = read_manifest(self._live, find_backup(self._live, restore.backup))
        orders = swap_orders(self._live, restore.incoming, restore.began, manifest)
        try:
            saved = back_up(self._live, restore.id, self._report, reason=BEFORE_RESTORE, swap=orders)
        except UnsavedError as error:
            self._report(f"The old database cannot be backed up, and is kept as a file: {error}")
            return None
        return saved.key

    def swap_back(self, restore: OpenRestore) -> None:
        """Put the old database back; that there is none aside means that it never went."""
        swapped = Swapped(restore.database, restore.aside)
        try:
            swap_back(self._live, restore.id, swapped, restore.began, self._report)
        except SqliteJobError as error:
            if error.kind != "no-database":
                raise
            self._report("The old database was not moved")

    def start(self, restore: OpenRestore) -> None:
        """Scale back, on the release that belongs to the database."""
        service = self._service.require()
        on = restore.task_definition or service.task_definition
        if (service.desired, service.task_definition) != (restore.wanted, on):
            self._service.update(on, restore.wanted)
        self._report(f"The service is told to have {restore.wanted} tasks of {revision_name(on)}")

    def fault(self, restore: OpenRestore) -> str | None:
        """Ask for the health of a service that has tasks, and whether ECS left it on its release."""
        fault = self._health(restore.wanted) if restore.wanted else None
        found, on = self._service.require().task_definition, restore.task_definition
        if on in ("", found):
            return fault
        return f"It is on {revision_name(found)} instead of {revision_name(on)}. {fault or ''}".rstrip()

    def close(self, restore: OpenRestore) -> None:
        """Remove the note last: a run that is killed before does the rest again."""
        self._scaling.set(restore.scaling)
        if restore.target is not None and restore.phase is Phase.STARTING:
            self._record_arrival(restore, restore.target)
        self._records.remove()
        self._report("The restore has ended")

    def _record_arrival(self, restore: OpenRestore, target: ReleaseRecord) -> None:
        """Write down the rollback once, whichever run ends it."""
        primary = self._service.require().primary
        changes = {
            "outcome": Outcome.SUCCEEDED,
            "message": f"On the database of {restore.backup}.",
            "kind": "rollback",
            "deployment_id": primary.id if primary else restore.id,
            "previous_task_definition": restore.left,
            "started_at": restore.began,
            "ended_at": utc_now(),
            "durations": {},
            "by": restore.approved_by or BY_HAND,
            "flow_run": restore.id,
        }
        releases = self._live.releases
        releases.append(target.model_copy(update=changes))
        opened = releases.open_rollout()
        if opened is not None:
            end_rollout(self._service, releases, opened)

    def _wait_for_no_tasks(self) -> None:
        end = time.monotonic() + _TIME_TO_STOP
        while True:
            desired = self._service.require().desired
            if desired:  # also where somebody, or auto scaling, wants some meanwhile
                self._service.scale(0)
                self._report("The service is told to have no tasks")
            left = self._tasks.left_behind("")  # whatever may hold the database open
            if not desired and not left:
                return
            if time.monotonic() >= end:
                names = ", ".join(task.id for task in left[:5])
                raise RecoveryError(f"{len(left)} tasks still run after {_TIME_TO_STOP:.0f} s: {names}.")
            pause(1)


class RestoreRolledBackError(RecoveryError):
    """The restore failed; the old database and the service are back."""


class Steps(Protocol):
    """Steps of a restore. Each may be killed and repeated; each raises ``PipelineError``."""

    def note(self, restore: OpenRestore) -> None:
        """Write down how far the restore is."""

    def stop(self) -> None:
        """Bring the service to no tasks, and keep auto scaling from starting any."""

    def exchange(self, restore: OpenRestore) -> str | None:
        """Put the restored file in the database's place, checked there; the old one is saved by the same job.

        Return the key of its backup, or None where it could not be read.
        """

    def swap_back(self, restore: OpenRestore) -> None:
        """Make the old database the database, if it is not."""

    def start(self, restore: OpenRestore) -> None:
        """Bring the service back to its former count of tasks, on the release that the phase wants."""

    def fault(self, restore: OpenRestore) -> str | None:
        """Wait for the service's health; return what is wrong with it, if anything."""

    def close(self, restore: OpenRestore) -> None:
        """Let auto scaling go on as before, and remove the note."""


def after_failure(phase: Phase) -> Phase | None:
    """Return the rollback of a phase; None where the rollback itself failed."""
    if phase is Phase.STOPPING:
        return Phase.RETURNING
    return Phase.ROLLING_BACK if phase in (Phase.SWAPPING, Phase.STARTING) else None


def carry_through(steps: Steps, restore: OpenRestore) -> OpenRestore:
    """Go on from the restore's phase to its end, and return it as it ended.

    Raises:
        RestoreRolledBackError: it failed; the old database and the service are back.
        RecoveryError: undoing failed as well; run again to go on.
    """
    while True:
        try:
            after = _PHASES[restore.phase](steps, restore)
        except RestoreRolledBackError:
            raise
        except PipelineError as error:
            after = _turned(restore, error)
            steps.note(after)
        if after is restore:
            return restore
        restore = after


def _turned(restore: OpenRestore, error: PipelineError) -> OpenRestore:
    rollback_path = after_failure(restore.phase)
    if rollback_path is None:
        raise RecoveryError(
            f"The restore is half undone ({restore.phase}): {error} It was undone because: {restore.fault} "
            f"The service is to have {restore.wanted} tasks again. "
            "Run restore-sqlite with in_place again, or the same import: it goes on where it is."
        ) from error
    return restore.model_copy(update={"phase": rollback_path, "fault": str(error)})


def _stop(steps: Steps, restore: OpenRestore) -> OpenRestore:
    steps.stop()
    return _noted(steps, restore, phase=Phase.SWAPPING)


def _swap(steps: Steps, restore: OpenRestore) -> OpenRestore:
    steps.stop()  # whoever killed the run may have started the service again
    return _noted(steps, restore, safety=steps.exchange(restore), phase=Phase.STARTING)


def _start(steps: Steps, restore: OpenRestore) -> OpenRestore:
    steps.start(restore)
    fault = steps.fault(restore)
    if fault:
        raise RecoveryError(f"The service is not healthy on the restored database: {fault}")
    steps.close(restore)
    return restore


def _roll_back(steps: Steps, restore: OpenRestore) -> OpenRestore:
    steps.stop()
    steps.swap_back(restore)
    return _noted(steps, restore, phase=Phase.RETURNING)


def _return(steps: Steps, restore: OpenRestore) -> OpenRestore:
    steps.start(restore)
    fault = steps.fault(restore)
    steps.close(restore)
    state = f"The service is back, but not healthy: {fault}" if fault else "The service is back, and healthy."
    raise RestoreRolledBackError(
        f"Nothing was restored; the database is the old one. {restore.fault} {state}"
    )


def _noted(steps: Steps, restore: OpenRestore, **changes: object) -> OpenRestore:
    after = restore.model_copy(update=changes)
    steps.note(after)
    return after


_PHASES: dict[Phase, Callable[[Steps, OpenRestore], OpenRestore]] = {
    Phase.STOPPING: _stop,
    Phase.SWAPPING: _swap,
    Phase.STARTING: _start,
    Phase.ROLLING_BACK: _roll_back,
    Phase.RETURNING: _return,
}
