"""A state that a killed Terraform wrote, and whose digest it had no time to write."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

from support.fault_proxy import Fault, Request, faulty
from terraform_support import Opener, copy_module, eventually, kill_all, process_run

from pipeline.state.backend import StateBackend, read_head
from pipeline.state.lock import read_digest
from pipeline.state.unlock import LockState, inspect_lock, unlock
from pipeline.terraform.workspace import PlanRequest


def test_a_state_whose_digest_was_not_written_is_gone_on_with(
    opener: Opener, home: StateBackend, tmp_path: Path, cli_config: Path | None, emulator_port: int
) -> None:
    """Killed between the two writes: else every run after it is told that state and lock table disagree."""
    with opener("plain") as workspace:
        workspace.init(home.backend)
        workspace.apply(workspace.plan(PlanRequest({"value": "before"})))
    before, asked, over = read_head(home), Event(), Event()
    with faulty(emulator_port, _holding_the_digest(asked, over)) as url:
        through = StateBackend(replace(home.access, endpoint_url=url), home.backend, home.environment)
        with process_run(copy_module("plain", tmp_path), through, cli_config, value="after") as run:
            assert asked.wait(240)
            kill_all(run, tmp_path)
        over.set()
    written = read_head(home)
    assert before is not None
    assert written is not None
    assert (written.serial > before.serial, read_digest(home)) == (True, before.md5)
    eventually(lambda: inspect_lock(home).verdict.state is LockState.STALE, "the lock is stale")
    lock = inspect_lock(home).lock
    assert lock is not None
    unlock(home, lock.id)
    assert read_digest(home) == written.md5
    with opener("plain") as workspace:
        workspace.init(home.backend)
        workspace.apply(workspace.plan(PlanRequest({"value": "after"})))
        assert not workspace.plan(PlanRequest({"value": "after"})).has_changes


def _holding_the_digest(asked: Event, over: Event) -> Callable[[Request], Fault | None]:
    def decide(request: Request) -> Fault | None:
        if request.operation != "PutItem" or b"-md5" not in request.body:
            return None
        asked.set()
        over.wait()
        return Fault(status=503)

    return decide
