"""Carries a restore in place to its end: forward while all goes well, else back to the old database."""

from collections.abc import Callable
from typing import Protocol

from pipeline.errors import PipelineError
from pipeline.recovery.record import OpenRestore, Phase, RecoveryError


class RestoreRolledBackError(RecoveryError):
    """The restore failed; the old database and the service are back."""


class Steps(Protocol):
    """Steps of a restore. Each may be killed and repeated; each raises ``PipelineError``."""

    def note(self, restore: OpenRestore) -> None:
        """Write down how far the restore is."""

    def stop(self) -> None:
        """Bring the service to no tasks, and keep auto scaling from starting any."""

    def save(self, restore: OpenRestore) -> str | None:
        """Back up the present database; return the backup's key, or None where it cannot be read."""

    def swap(self, restore: OpenRestore) -> None:
        """Put the restored file in the database's place, checked there."""

    def swap_back(self, restore: OpenRestore) -> None:
        """Make the old database the database, if it is not."""

    def start(self, restore: OpenRestore) -> None:
        """Bring the service back to its former count of tasks."""

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
            "Run restore-sqlite with in_place again: it goes on where it is."
        ) from error
    return restore.model_copy(update={"phase": rollback_path, "fault": str(error)})


def _stop_and_save(steps: Steps, restore: OpenRestore) -> OpenRestore:
    steps.stop()
    safety = steps.save(restore)
    return _noted(steps, restore, phase=Phase.SWAPPING, safety=safety)


def _swap(steps: Steps, restore: OpenRestore) -> OpenRestore:
    steps.stop()  # whoever killed the run may have started the service again
    steps.swap(restore)
    return _noted(steps, restore, phase=Phase.STARTING)


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
    Phase.STOPPING: _stop_and_save,
    Phase.SWAPPING: _swap,
    Phase.STARTING: _start,
    Phase.ROLLING_BACK: _roll_back,
    Phase.RETURNING: _return,
}
