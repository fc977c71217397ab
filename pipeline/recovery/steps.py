"""The steps of a restore in place, on AWS."""

import time
from collections.abc import Callable

from pipeline.clock import pause
from pipeline.ecs.oneoff import stopped
from pipeline.live import LiveEnvironment
from pipeline.recovery.record import SUSPENDED, AutoScaling, OpenRestore, OpenRestores, RecoveryError
from pipeline.sqlite.backup import back_up
from pipeline.sqlite.model import BEFORE_RESTORE, SqliteJobError
from pipeline.sqlite.restore import Swapped, swap_back, swap_in
from pipeline.sqlite.runner import Report
from pipeline.sqlite.store import find_backup, read_manifest

_UNREADABLE = frozenset({"no-database", "corrupt"})
"""Kinds of failure that no backup can be had of: the file itself is kept aside all the same."""
_TIME_TO_STOP = 900.0
"""Seconds: the load balancer's draining, the container's stop time-out, and a one-off task that ends."""


class RestoreSteps:
    """Does each step and reports it; ``health`` returns a fault, or None where the service is well."""

    def __init__(self, live: LiveEnvironment, health: Callable[[], str | None], report: Report) -> None:
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
        self._scaling.set(SUSPENDED)
        if self._service.require().desired:
            self._service.scale(0)
            self._report("The service is told to have no tasks")
        self._wait_for_no_tasks()
        self._report("No task is left")

    def save(self, restore: OpenRestore) -> str | None:
        """Take a backup of the database that is about to be replaced."""
        try:
            return back_up(self._live, restore.id, self._report, reason=BEFORE_RESTORE).key
        except SqliteJobError as error:
            if error.kind not in _UNREADABLE:
                raise
            self._report(f"The present database cannot be backed up, and is kept as a file: {error}")
            return None

    def swap(self, restore: OpenRestore) -> None:
        """Put the restored file in place; the job compares it with the manifest once more."""
        manifest = read_manifest(self._live, find_backup(self._live, restore.backup))
        swap_in(self._live, restore.id, restore.incoming, restore.began, self._report, manifest)

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
        """Scale back."""
        if self._service.require().desired != restore.wanted:
            self._service.scale(restore.wanted)
        self._report(f"The service is told to have {restore.wanted} tasks")

    def fault(self, restore: OpenRestore) -> str | None:
        """Ask for the health of a service that has tasks."""
        return self._health() if restore.wanted else None

    def close(self, restore: OpenRestore) -> None:
        """Auto scaling first: a run that is killed in between does it again."""
        self._scaling.set(restore.scaling)
        self._records.remove()
        self._report("The restore has ended")

    def _wait_for_no_tasks(self) -> None:
        end = time.monotonic() + _TIME_TO_STOP
        while left := self._left():
            if time.monotonic() >= end:
                raise RecoveryError(
                    f"{len(left)} tasks still run after {_TIME_TO_STOP:.0f} s: {', '.join(left[:5])}."
                )
            pause(1)

    def _left(self) -> tuple[str, ...]:
        """Name what may hold the database open: also one-off tasks, and containers that are told to end."""
        ending = (task for task in self._service.tasks("STOPPED") if not stopped(task))
        return tuple(task.id for task in (*self._tasks.left_behind(""), *ending))
