"""Runs of the pipeline that end by SIGKILL at a chosen step, each in a process of its own."""

import faulthandler
import multiprocessing
import os
import secrets
import signal
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from sqlite_support import databases

from pipeline.live import LiveEnvironment
from pipeline.recovery.carry import RestoreSteps, carry_through
from pipeline.recovery.record import OpenRestore, OpenRestores, begin, choose
from pipeline.sqlite import backup as backup_module
from pipeline.sqlite.backup import back_up
from pipeline.sqlite.layout import MANIFEST
from pipeline.sqlite.model import BackupPolicy
from pipeline.sqlite.store import BackupStore, OpenUpload

POLICY = BackupPolicy(parts=8, timeout=600)
_PATIENCE = 300
"""Seconds for what takes 5 on a quiet machine."""


def killed(act: Callable[..., object], *given: Any) -> None:
    """Let a new process do it, which must die by SIGKILL; one that stands still shows where."""
    process = multiprocessing.get_context("spawn").Process(target=_traced, args=(act, *given))
    process.start()
    process.join(_PATIENCE)
    if process.is_alive():
        process.terminate()
        process.join()
    assert process.exitcode == -signal.SIGKILL


def _traced(act: Callable[..., object], *given: Any) -> None:
    faulthandler.dump_traceback_later(60, repeat=True)
    act(*given)


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def quiet(_line: str) -> None:
    """Drop a line of the report."""


def dying_backup(live: LiveEnvironment, run: str, step: str) -> None:
    """Back up until the step: an upload begun or completed, the object read back, or all committed."""

    class Dying(BackupStore):
        """Dies before three of its steps and after the last."""

        def create_upload(self, key: str) -> OpenUpload:
            """Begin."""
            return _die() if step == "noted" else super().create_upload(key)

        def complete(self, upload: OpenUpload, etags: dict[int, str]) -> str:
            """Complete."""
            return _die() if step == "uploading" else super().complete(upload, etags)

        def sha256(self, key: str) -> str:
            """Read back."""
            return _die() if step == "completed" else super().sha256(key)

        def write_once(self, key: str, body: bytes, metadata: Mapping[str, str] | None = None) -> str:
            """Write."""
            version = super().write_once(key, body, metadata)
            return _die() if step == "committed" and key.endswith(MANIFEST) else version

    backup_module.BackupStore = Dying  # type: ignore[misc] # this process is there for it alone
    back_up(live, run, quiet, POLICY)


def dying_restore(live: LiveEnvironment, database: Path, step: str) -> None:
    """Restore in place until right after the step, before anything is noted of it; see `health`."""

    def die(self: RestoreSteps, *given: Any) -> None:
        getattr(RestoreSteps, step)(self, *given)
        _die()

    steps = type("Dying", (RestoreSteps,), {step: die})
    restore(live, steps(live, health(database, well=step != "swap_back"), quiet))


def health(database: Path, *, well: bool) -> Callable[[int], str | None]:
    """Return a check that finds the restored database, of ten entries, well or not, and the old one well."""
    return lambda _: "HTTP 500" if not well and databases.rows(database) == 10 else None


def restore(live: LiveEnvironment, steps: RestoreSteps) -> OpenRestore:
    """Restore as the flow does: go on with an open restore, or begin one."""
    opened = OpenRestores(live).find()
    chosen = choose(live, None, opened)
    run = secrets.token_hex(8)
    return carry_through(steps, opened or begin(live, run, chosen, quiet, datetime.now(UTC)))
