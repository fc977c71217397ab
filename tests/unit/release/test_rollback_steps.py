"""Rolling back several times, whatever was deployed between."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from release_samples import record

from pipeline.ecs.model import Outcome
from pipeline.errors import PipelineError
from pipeline.release.model import ReleaseRecord, SchemaChange
from pipeline.release.rollback import choose_rollback, plan_rollback
from pipeline.way_back import way_back


@dataclass
class Service:
    """A service whose ends are recorded, newest first, and the releases that are left to go back through."""

    records: list[ReleaseRecord] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)

    def note(self, number: str, kind: str, outcome: Outcome = Outcome.SUCCEEDED) -> None:
        """Record an end."""
        place = len(self.records)
        release = {"release": f"r{number}", "task_definition": f"td:{number}"}
        self.records.insert(0, record(place, outcome, kind=kind, **release))

    def deploy(self, number: str) -> None:
        """Deploy a release that is good."""
        self.note(number, "deploy")
        self.stack = [item for item in self.stack if item != number] + [number]

    def fail(self, number: str) -> None:
        """Deploy a release that fails, and let the pipeline go back to what ran."""
        self.note(number, "deploy", Outcome.UNHEALTHY)
        if self.stack:
            self.note(self.stack[-1], "rollback")

    def back(self, _: str = "") -> None:
        """Roll back without naming a release."""
        present = f"td:{self.stack[-1]}" if self.stack else None
        chosen = choose_rollback(self.records, present, lambda _: None)
        self.note(chosen.task_definition.removeprefix("td:"), "rollback")
        self.stack.pop()

    def restart(self, _: str) -> None:
        """Start the tasks of what runs again."""
        if self.stack:
            self.note(self.stack[-1], "restart")

    def back_if_possible(self, _: str) -> None:
        """Roll back where there is something to go back to."""
        if len(self.stack) > 1:
            self.back()


ACTS = {
    "deploy": Service.deploy,
    "fail": Service.fail,
    "back": Service.back_if_possible,
    "restart": Service.restart,
}


@given(st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.sampled_from("12345")), max_size=25))
def test_rolling_back_n_times_goes_n_steps_back(history: list[tuple[str, str]]) -> None:
    """Through the good releases, each once, to the oldest; then there is nothing left to go back to."""
    service = Service()
    for act, number in history:
        ACTS[act](service, number)
    wanted = [f"r{number}" for number in reversed(service.stack[:-1])]
    for release in wanted:
        service.back()
        assert service.records[0].release == release
    with pytest.raises(PipelineError, match=r"to roll back to|left to go back to"):
        service.back()


def test_what_was_taken_back_is_named_when_nothing_else_is_left() -> None:
    """It can still be asked for, and is on the way again once it is deployed again."""
    service = Service()
    for number in "12":
        service.deploy(number)
    service.back()
    with pytest.raises(PipelineError, match=r"taken back already\. To return .* as `release`: r2\."):
        service.back()
    assert choose_rollback(service.records, "td:1", lambda _: None, "r2").release == "r2"
    service.deploy("2")
    service.deploy("3")
    service.back()
    assert service.records[0].release == "r2"


WAYS = {
    "nothing": ("", ""),
    "deployments": ("a b c", "c b a"),
    "again what runs": ("a b b", "b a"),
    "again what ran before": ("a b c a", "a c b"),
    "back": ("a b c <b", "b a"),
    "back twice": ("a b c <b <a", "a"),
    "back by name": ("a b c <a", "a"),
    "back, then something new": ("a b <a c", "c a"),
    "back, then the same again": ("a b <a b", "b a"),
    "forth by name": ("a b c <b <c", "c b a"),
    "forth by name from further back": ("a b c <a <c", "c a"),
    "back to what is older than what is known": ("b c <a", "a"),
    "back to what runs": ("a b <b", "b a"),
}


@pytest.mark.parametrize(("history", "expected"), WAYS.values(), ids=WAYS)
def test_the_way_back(history: str, expected: str) -> None:
    """``<a`` stands for going back to a."""
    ends = [(word.removeprefix("<"), word.startswith("<")) for word in history.split()]
    assert way_back(ends) == expected.split()


R1, R2 = (record(number, revision=f"{number}" * 40) for number in (1, 2))
R3 = record(3, revision="3" * 40, commit="Pay by card (Bo)")
FAILED = record(4, Outcome.FAILED, revision="4" * 40)
BACK = record(5, task_definition="td:1", release="r1", kind="rollback")
UNDONE = {
    "the one that runs": ([R3, R2, R1], "td:3", R2, [R3]),
    "all between": ([R3, R2, R1], "td:3", R1, [R3, R2]),
    "a failed one first": ([FAILED, R3, R2, R1], "td:4", R2, [FAILED, R3]),
    "what runs is not recorded": ([R3, R2, R1], "td:9", R3, []),
    "it runs already": ([R3, R2, R1], "td:3", R3, []),
    "not what was taken back": ([record(6), BACK, R3, R2, R1], "td:6", BACK, [record(6)]),
    "it was taken back itself": ([BACK, R3, R2, R1], "td:1", R3, []),
    "the service was moved by hand": ([R3, R2, R1], "td:1", R3, []),
}


@pytest.mark.parametrize(("records", "present", "chosen", "expected"), UNDONE.values(), ids=UNDONE)
def test_undone(
    records: list[ReleaseRecord], present: str, chosen: ReleaseRecord, expected: list[ReleaseRecord]
) -> None:
    """The releases from the present one down to the chosen one, newest first."""
    assert list(plan_rollback(records, present, chosen, ()).undone) == expected


def test_what_going_back_does_is_told() -> None:
    """Target, commits with subject and author where those are known, and every migration, newest first."""
    change = SchemaChange(
        release="r3",
        task_definition="td:3",
        at=R3.started_at,
        migrations=("pay.0002", "pay.0003"),
        irreversible={"pay.0002": "RemoveField"},
    )
    path = plan_rollback([R3, R2, R1], "td:3", R1, (change,))
    assert path.told.splitlines() == [
        "From td:3 to release r1 (td:1), recorded as good on 2025-03-01 12:01 UTC.",
        "",
        "Taken back, newest first:",
        "",
        "- release r3, commit 333333333333: Pay by card (Bo)",
        "- release r2, commit 222222222222",
        "",
        "Migrations since, which the database keeps unless it goes back as well:",
        "",
        "- pay.0003, for release r3",
        "- pay.0002, for release r3: irreversible (RemoveField)",
    ]
    assert "- none: that release runs already" in plan_rollback([R1], "td:1", R1, ()).told
    assert path.on_backup(["pay.0001"]).blocking == ()
    assert path.on_backup(["pay.0001", "pay.0002"]).blocking == (change,)


def test_the_question_says_why_the_release_failed() -> None:
    """By its record; who decides need not look for it."""
    failed = FAILED.model_copy(update={"message": "HTTP 500 at /health/\nand more"})
    question = plan_rollback([failed, R3, R2, R1], "td:4", R3, ()).question
    assert "td:4 failed and stays in place until you decide. HTTP 500 at /health/\n\n" in question
    assert "and more" not in question
    assert "until you decide.\n\n" in plan_rollback([R3, R2], "td:9", R3, ()).question
