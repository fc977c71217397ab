"""How far an apply is, and what remains when it broke off."""

from collections.abc import Iterable
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from pipeline.terraform.events import TerraformEvent
from pipeline.terraform.progress import Progress, advance, partial_apply


def planned(address: str, action: str) -> TerraformEvent:
    """The plan's message about a resource."""
    return TerraformEvent("", "planned_change", address=address, action=action)


def started(address: str, action: str) -> TerraformEvent:
    """Work on a resource begins."""
    return TerraformEvent("", "apply_start", address=address, action=action)


def completed(address: str, action: str) -> TerraformEvent:
    """Work on a resource ends well."""
    return TerraformEvent("", "apply_complete", address=address, action=action)


def errored(address: str, action: str) -> TerraformEvent:
    """Work on a resource fails."""
    return TerraformEvent("", "apply_errored", address=address, action=action)


def follow(events: Iterable[TerraformEvent], start: Progress | None = None) -> Progress:
    """Fold many events."""
    return reduce(advance, events, start or Progress())


def test_a_replacement_is_done_after_both_its_halves() -> None:
    """Deleting alone doesn't count as done."""
    half = follow([planned("a", "replace"), started("a", "delete"), completed("a", "delete")])
    assert (half.done, half.percent) == ((), 50.0)
    whole = follow([started("a", "create"), completed("a", "create")], half)
    assert (whole.done, whole.total, whole.percent) == (("a",), 1, 100.0)


def test_what_terraform_does_nothing_about_is_not_counted() -> None:
    """Moves, no-ops and lines of the log leave the progress alone."""
    events: list[TerraformEvent] = [planned("a", "move"), planned("b", "noop"), TerraformEvent("x")]
    assert follow(events) == Progress()
    assert Progress().percent == 100.0


def test_work_that_was_not_planned_aloud_is_counted_when_it_begins() -> None:
    """A resource whose planned change was not told still shows."""
    progress = follow(
        [started("a", "create"), TerraformEvent("", "apply_progress", address="a", action="create")]
    )
    assert (progress.total, dict(progress.running)) == (1, {"a": "create"})


def test_a_failed_apply_is_sorted_out() -> None:
    """Done, failed and untouched; nothing is orphaned when Terraform ended by itself."""
    progress = follow(
        [
            planned("a", "create"),
            planned("b", "create"),
            planned("c", "delete"),
            started("a", "create"),
            completed("a", "create"),
            started("b", "create"),
            errored("b", "create"),
        ]
    )
    after = partial_apply(progress, graceful=True)
    assert (after.done, after.failed, after.untouched) == (("a",), ("b",), ("c",))
    assert (after.in_flight, after.possible_orphans, after.lock_may_remain) == ((), (), False)
    assert "unlock-state" not in after.advice


def test_a_killed_apply_names_possible_orphans() -> None:
    """Only what was being made can exist without being in the state."""
    progress = follow(
        [planned("a", "create"), planned("b", "delete"), started("a", "create"), started("b", "delete")]
    )
    after = partial_apply(progress, graceful=False)
    assert (after.in_flight, after.possible_orphans) == (("a", "b"), ("a",))
    assert "Look in AWS for a:" in after.advice
    assert "unlock-state" in after.advice


EVENTS = st.lists(
    st.builds(
        lambda kind, address, action: TerraformEvent("", kind, address, action),
        st.sampled_from(
            ["planned_change", "apply_start", "apply_progress", "apply_complete", "apply_errored"]
        ),
        st.sampled_from("abc"),
        st.sampled_from(["create", "update", "delete", "replace", "read", "move", "noop", ""]),
    )
)


@given(EVENTS)
def test_progress_never_exceeds_its_bounds(events: list[TerraformEvent]) -> None:
    """Whatever order the events come in, shares stay within 0 and 100 and lists within the total."""
    progress = Progress()
    for event in events:
        progress = advance(progress, event)
        assert 0.0 <= progress.percent <= 100.0
        assert {*progress.done, *progress.waiting, *progress.failed, *progress.running} <= set(
            progress.planned
        )
        assert set(progress.done).isdisjoint(progress.waiting)
