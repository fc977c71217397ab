"""How a run of Terraform is bounded, cancelled, killed and kept private."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from terraform_support import (
    SECRET_KEY,
    Opener,
    copy_module,
    eventually,
    kill_all,
    kill_terraform,
    make_home,
    process_run,
)

from pipeline.aws.access import AwsAccess
from pipeline.state.backend import StateBackend, read_head
from pipeline.state.lock import read_lock
from pipeline.state.unlock import LockState, inspect_lock, lock_keeper, unlock
from pipeline.terraform.diagnostics import TerraformError, TerraformStoppedError, TerraformTimeoutError
from pipeline.terraform.events import TerraformEvent
from pipeline.terraform.progress import Progress, advance, partial_apply
from pipeline.terraform.workspace import PlanRequest, Workspace

SLOW = {"seconds": 60}


def apply_slowly(workspace: Workspace, home: StateBackend) -> None:
    """Begin an apply that takes a minute."""
    workspace.init(home.backend)
    workspace.apply(workspace.plan(PlanRequest(SLOW)))


def when_slow_begins(act: Callable[[], None]) -> Callable[[TerraformEvent], None]:
    """Return a callback that acts while the slow resource is being made.

    Not at its ApplyStart: Terraform may not stop a provisioner that begins just after the interrupt.
    """

    def on_event(event: TerraformEvent) -> None:
        if "terraform_data.slow: (local-exec): Executing" in event.message:
            act()

    return on_event


def assert_ended_in_order(home: StateBackend) -> None:
    """The lock is free, and the state knows what was made and what was cut off."""
    assert read_lock(home) is None
    head = read_head(home)
    assert head is not None
    assert head.resources == 2


def test_a_run_that_takes_too_long_ends_in_order(opener: Opener, home: StateBackend) -> None:
    """Beyond its time Terraform is interrupted, its state saved and its lock freed."""
    with opener("plain") as workspace:
        workspace.init(home.backend)
        plan = workspace.plan(PlanRequest(SLOW))
        limited = replace(workspace.execution, limits=replace(workspace.execution.limits, timeout=40))
        with pytest.raises(TerraformTimeoutError, match="ran longer than 40 s") as caught:
            replace(workspace, execution=limited).apply(plan)
        assert caught.value.graceful
    assert_ended_in_order(home)


def test_a_cancelled_run_frees_its_lock_and_can_be_repeated(opener: Opener, home: StateBackend) -> None:
    """Cancelling ends in order; the next run finishes what is left; the events tell what was done."""
    cancel = threading.Event()
    told: list[TerraformEvent] = []

    def on_event(event: TerraformEvent) -> None:
        told.append(event)
        when_slow_begins(cancel.set)(event)

    opened = opener("plain", cancel=cancel, on_event=on_event)
    with opened as workspace, pytest.raises(TerraformStoppedError):
        apply_slowly(workspace, home)
    assert_ended_in_order(home)
    after = partial_apply(reduce(advance, told, Progress()), graceful=True)
    assert after.done == ("terraform_data.first",)
    assert after.failed == ("terraform_data.slow",)
    assert after.untouched == ("terraform_data.last",)
    with opener("plain") as workspace:
        workspace.init(home.backend)
        workspace.apply(workspace.plan(PlanRequest()))
        assert not workspace.plan(PlanRequest()).has_changes


def test_an_exception_in_the_calling_thread_interrupts_terraform(opener: Opener, home: StateBackend) -> None:
    """What Prefect raises upon SIGTERM, or Ctrl-C, ends Terraform in order and goes on."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    with opener("plain", on_event=when_slow_begins(interrupt)) as workspace, pytest.raises(KeyboardInterrupt):
        apply_slowly(workspace, home)
    assert_ended_in_order(home)


@pytest.fixture
def slow_run(
    home: StateBackend, tmp_path: Path, cli_config: Path | None
) -> Iterator["subprocess.Popen[str]"]:
    """A run in a process of its own, in the middle of its apply."""
    with process_run(copy_module("plain", tmp_path), home, cli_config, seconds=60) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "slow\n"
        yield process


def test_killing_the_run_lets_terraform_end_in_order(
    slow_run: "subprocess.Popen[str]", home: StateBackend
) -> None:
    """After kill -9 of the Python process Terraform saves its state and frees its lock by itself."""
    slow_run.kill()
    eventually(lambda: read_lock(home) is None, "the lock is freed")
    assert_ended_in_order(home)


def test_after_killing_everything_the_lock_is_stale_and_the_next_run_good(
    slow_run: "subprocess.Popen[str]", home: StateBackend, tmp_path: Path, opener: Opener
) -> None:
    """The lock of a run at work is live; after kill -9 of all it is stale, is removed, and work goes on."""
    assert inspect_lock(home).verdict.state is LockState.LIVE
    kill_all(slow_run, tmp_path)
    eventually(lambda: inspect_lock(home).verdict.state is LockState.STALE, "the lock is stale")
    lock = read_lock(home)
    assert lock is not None
    unlock(home, lock.id)
    with opener("plain") as workspace:
        workspace.init(home.backend)
        workspace.apply(workspace.plan(PlanRequest()))
        assert not workspace.plan(PlanRequest()).has_changes


def test_a_killed_terraform_is_reported_and_leaves_nothing(
    opener: Opener, home: StateBackend, tmp_path: Path, events: list[TerraformEvent]
) -> None:
    """When Terraform itself is killed the run fails, names what may be orphaned, and frees its own lock."""
    told: list[TerraformEvent] = []

    def on_event(event: TerraformEvent) -> None:
        told.append(event)
        when_slow_begins(lambda: kill_terraform(tmp_path))(event)

    with opener("plain", on_event=on_event) as workspace, pytest.raises(TerraformError, match="apply failed"):
        apply_slowly(workspace, home)
    after = partial_apply(reduce(advance, told, Progress()), graceful=False)
    assert after.possible_orphans == ("terraform_data.slow",)
    assert read_lock(home) is None
    assert [path for path in (tmp_path / "runs").iterdir() if path.is_dir()] == []


def test_four_runs_at_once_do_not_meet(opener: Opener, access: AwsAccess, home: StateBackend) -> None:
    """Four environments are applied at once from one module folder."""
    homes = [make_home(access, f"{home.environment}-{number}") for number in range(4)]
    copied = opener("plain")

    def run(one: StateBackend) -> Any:
        with opener("plain", label=one.environment, hook=lock_keeper(one, "run")) as workspace:
            workspace.init(one.backend)
            workspace.apply(workspace.plan(PlanRequest({"value": one.environment})))
            return workspace.outputs()["value"].value

    with copied, ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, homes)) == [one.environment for one in homes]


def test_secrets_are_neither_in_the_process_list_nor_in_events(
    opener: Opener, home: StateBackend, tmp_path: Path, events: list[TerraformEvent]
) -> None:
    """A secret variable and the credentials stay in private files and environments."""
    seen: list[str] = []

    def on_event(event: TerraformEvent) -> None:
        events.append(event)
        seen.extend(command_lines())

    with opener("plain", on_event=on_event, secrets=["correct-horse"]) as workspace:
        workspace.init(home.backend)
        # Slow enough that Terraform still runs when its events are looked at.
        plan = workspace.plan(PlanRequest({"password": "correct-horse", "seconds": 3}))
        document = workspace.show(plan)
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in workspace.folder.path.iterdir()}
        workspace.apply(plan)
        outputs = workspace.outputs()
    assert any("plan.tfplan" in line for line in seen)
    for text in (*seen, repr(events), repr(document), repr(outputs), repr(workspace)):
        assert "correct-horse" not in text
        assert SECRET_KEY not in text
    assert modes["pipeline.tfvars.json"] == modes["plan.tfplan"] == "0o600"
    assert outputs["password"].sensitive


def test_a_leftover_folder_of_a_killed_run_is_swept(opener: Opener, tmp_path: Path) -> None:
    """Variables and plans of a run that was killed are removed by the next run; living runs keep theirs."""
    left = tmp_path / "runs" / "test-left"
    left.parent.mkdir(mode=0o700)
    left.mkdir()
    (left / "hold").touch()
    (left / "pipeline.tfvars.json").write_text("{}")
    with opener("plain") as first, opener("plain") as second:
        assert not left.exists()
        assert first.folder.path.is_dir()
        assert second.folder.path.is_dir()


def command_lines() -> list[str]:
    """The process list, as anybody sees it."""
    lines = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                lines.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                continue
    return lines
