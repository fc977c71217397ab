"""What becomes of a failed release: gone back, asked, refused, or left with what to do."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flows.shared import rollback as module
from flows.shared.approval import RollbackDecision
from flows.shared.rollback import carry_out_decision, roll_back_release
from pipeline.aws.access import AwsAccess
from pipeline.ecs.model import Outcome
from pipeline.environment.loader import environment
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.release.model import ReleaseRecord, SchemaChange

LIVE = LiveEnvironment(environment("staging"), AwsAccess("af-south-1"))
START = datetime(2025, 3, 1, 12, tzinfo=UTC)
GOOD = ReleaseRecord(
    release="good",
    outcome=Outcome.SUCCEEDED,
    message="",
    kind="deploy",
    task_definition="arn/app:7",
    image="i",
    image_digest="d",
    deployment_id="1",
    started_at=START,
    ended_at=START,
)
ONE_WAY = SchemaChange(
    release="bad",
    task_definition="arn/app:8",
    at=START + timedelta(hours=1),
    migrations=("pay.0002",),
    irreversible={"pay.0002": "RemoveField"},
    backup="backups/1",
    flow_run="",
)


class Suspended(Exception):  # noqa: N818 - no error: the run's process ends
    """The run waits for a person."""


@dataclass
class Steps:
    """What the flow's steps find and do."""

    chosen: ReleaseRecord | PipelineError = GOOD
    changes: tuple[SchemaChange, ...] = ()
    decision: RollbackDecision | None = None
    can_prompt: bool = True
    asked: frozenset[str] = frozenset()
    fails: PipelineError | None = None
    done: list[Any] = field(default_factory=list)

    def choose_target(self, *_: object) -> ReleaseRecord:
        """Choose the release to go back to."""
        if isinstance(self.chosen, PipelineError):
            raise self.chosen
        return self.chosen

    def move_back(self, _live: object, chosen: ReleaseRecord) -> None:
        """Move the service."""
        self.done.append(("gone back to", chosen.release))
        if self.fails:
            raise self.fails

    def prompt(self, *question: Any) -> RollbackDecision:
        """Ask a person; without an answer the process ends here."""
        self.done.append("asked")
        if self.decision is None:
            raise Suspended
        return self.decision

    def emit(self, _live: object, event: str, **payload: str) -> None:
        """Emit an event."""
        self.done.append((event, payload["release"]))


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """Steps that reach nobody, in place of the flow's own."""
    made = Steps()
    for name in ("choose_target", "move_back", "prompt", "emit"):
        monkeypatch.setattr(module, name, getattr(made, name))
    monkeypatch.setattr(module, "find_blocking_changes", lambda *_: made.changes)
    monkeypatch.setattr(module, "can_prompt", lambda: made.can_prompt)
    monkeypatch.setattr(module, "was_prompted", lambda key: key in made.asked)
    monkeypatch.setattr(module, "explain_failure", lambda *_: "")
    monkeypatch.setattr(module, "present_task_definition", lambda *_: "arn/app:8")
    monkeypatch.setattr(module, "get_run_logger", lambda: logging.getLogger(__name__))
    return made


def undone() -> str:
    """Undo the release on revision 8."""
    return roll_back_release(LIVE, "arn/app:8")  # type: ignore[arg-type] # handed on only


def carried_out() -> str:
    """Go on after the person's answer."""
    return carry_out_decision(LIVE)  # type: ignore[arg-type] # handed on only


def test_without_irreversible_migrations_nobody_is_asked(steps: Steps) -> None:
    """The last good release returns, and the world is told which."""
    assert undone() == "Release good runs again."
    assert steps.done == [("gone back to", "good"), ("release.rolled_back", "good")]


def test_across_irreversible_migrations_a_person_is_asked(steps: Steps) -> None:
    """The failed release stays until then; who should know is told."""
    steps.changes = (ONE_WAY,)
    with pytest.raises(Suspended):
        undone()
    assert steps.done == [("rollback.waiting", "good"), "asked"]


def test_a_run_that_cannot_ask_says_what_to_do(steps: Steps) -> None:
    """It undoes nothing, and names the migration, the backup and the command."""
    steps.changes, steps.can_prompt = (ONE_WAY,), False
    said = undone()
    assert said.startswith("No automatic rollback.")
    for words in ("pay.0002", "backups/1", "vimbiso rollback staging --release good --accept-schema"):
        assert words in said
    assert steps.done == []


def test_an_approval_is_carried_out(steps: Steps) -> None:
    """The very release that was shown returns; who decided is told."""
    steps.changes = (ONE_WAY,)
    steps.asked = frozenset({"rollback-app-8-to-app-7"})
    steps.decision = RollbackDecision(approved=True, by="anna", note="runs on it")
    assert carried_out() == "Release good runs again. anna decided (runs on it)."
    assert steps.done == ["asked", ("gone back to", "good"), ("release.rolled_back", "good")]


def test_a_refusal_leaves_the_failed_release(steps: Steps) -> None:
    """Nothing moves; the next steps are named."""
    steps.changes = (ONE_WAY,)
    steps.asked = frozenset({"rollback-app-8-to-app-7"})
    steps.decision = RollbackDecision(approved=False, by="rudo")
    said = carried_out()
    assert said.startswith("rudo decided against going back: the failed release stays.")
    assert "restore-sqlite" in said
    assert steps.done == ["asked"]


def test_an_answer_about_another_release_undoes_nothing(steps: Steps) -> None:
    """Somebody moved the service while the question was open."""
    steps.changes = (ONE_WAY,)
    steps.asked = frozenset({"rollback-app-5-to-app-4"})
    steps.decision = RollbackDecision(approved=True, by="anna")
    assert carried_out().startswith("Nothing was undone: the service is on app:8")
    assert steps.done == []


@pytest.mark.parametrize("go_on", [undone, carried_out], ids=["at once", "after the answer"])
def test_without_a_good_release_the_reason_is_told(steps: Steps, go_on: Any) -> None:
    """The failure that is being reported must not be replaced by another one."""
    steps.chosen = PipelineError("No other release was ever recorded as good.")
    assert go_on() == ("The automatic rollback did not help: No other release was ever recorded as good.")
    assert steps.done == []


def test_a_way_back_that_fails_too_is_told_and_not_announced_as_done(steps: Steps) -> None:
    """Both reasons reach the person."""
    steps.fails = PipelineError("the old release does not start either")
    assert "does not start either" in undone()
    assert steps.done == [("gone back to", "good")]
