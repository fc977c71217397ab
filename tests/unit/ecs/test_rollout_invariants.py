"""What holds for every look at a service, whatever it shows."""

from datetime import datetime, timedelta

from ecs_samples import DEADLINE, NEW, OLD, OTHER, ROLLOUT, START, ours, service, stopped
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ecs.model import Deployment, Outcome
from pipeline.ecs.rollout import ServiceSnapshot, Verdict, decide

MOMENTS = st.timedeltas(timedelta(0), timedelta(hours=1)).map(lambda passed: START + passed)
COUNTS = st.integers(0, 4)
DEPLOYMENTS: st.SearchStrategy[Deployment] = st.builds(
    ours,
    id=st.sampled_from(["ecs-svc/1", "ecs-svc/2", "ecs-svc/3"]),
    status=st.sampled_from(["PRIMARY", "ACTIVE", "INACTIVE"]),
    task_definition=st.sampled_from([OLD, NEW, OTHER]),
    rollout_state=st.sampled_from(["IN_PROGRESS", "COMPLETED", "FAILED", "", "NEW_STATE"]),
    rollout_reason=st.sampled_from(["", "broken"]),
    desired=COUNTS,
    running=COUNTS,
    pending=COUNTS,
    failed=COUNTS,
    updated_at=MOMENTS,
)
SERVICES = st.none() | st.builds(
    lambda listed, **more: service(*listed, **more),
    st.lists(DEPLOYMENTS, max_size=3, unique_by=lambda item: item.id),
    status=st.sampled_from(["ACTIVE", "ACTIVE", "ACTIVE", "DRAINING", "INACTIVE"]),
    desired=COUNTS,
    breaker_rolls_back=st.booleans(),
)
STOPS = st.lists(st.builds(stopped, st.integers(0, 9), st.sampled_from([None, 0, 1])), max_size=4).map(tuple)
SNAPSHOTS = st.builds(ServiceSnapshot, SERVICES, STOPS)


@given(SNAPSHOTS, MOMENTS)
def test_ready_means_ours_is_complete(snapshot: ServiceSnapshot, now: datetime) -> None:
    """The gates open only for our own PRIMARY deployment, COMPLETED, with its own tasks running."""
    if decide(snapshot, ROLLOUT, now, DEADLINE).ready:
        assert snapshot.service is not None
        found = snapshot.service.deployment(ROLLOUT.deployment_id)
        assert found is not None
        assert (found.status, found.rollout_state, found.pending) == ("PRIMARY", "COMPLETED", 0)
        assert found.running >= found.desired


@given(SNAPSHOTS, MOMENTS)
def test_a_look_alone_never_succeeds(snapshot: ServiceSnapshot, now: datetime) -> None:
    """No look ends a rollout well, for the gates come first; and an end is never also ready."""
    verdict = decide(snapshot, ROLLOUT, now, DEADLINE)
    assert verdict.outcome not in (Outcome.SUCCEEDED, Outcome.NO_CHANGE, Outcome.UNHEALTHY, Outcome.UNKNOWN)
    assert verdict.message
    assert not (verdict.ready and verdict.outcome)


@given(SNAPSHOTS, MOMENTS)
def test_every_watch_ends_at_its_deadline(snapshot: ServiceSnapshot, now: datetime) -> None:
    """After the deadline every look is an end or ready; before it nothing is out of time."""
    verdict = decide(snapshot, ROLLOUT, now, DEADLINE)
    if now >= DEADLINE:
        assert verdict.outcome or verdict.ready
    else:
        assert verdict.outcome is not Outcome.TIMED_OUT


@given(MOMENTS, st.text())
def test_unreachable_never_ends_before_the_deadline(now: datetime, reason: str) -> None:
    """An API that does not answer ends the watch at the deadline only, and then as UNKNOWN."""
    verdict = decide(ServiceSnapshot(unreachable=reason), ROLLOUT, now, DEADLINE)
    assert verdict.outcome == (Outcome.UNKNOWN if now >= DEADLINE else None)
    assert not verdict.ready


@given(SNAPSHOTS, MOMENTS, COUNTS)
def test_service_level_counts_do_not_matter(snapshot: ServiceSnapshot, now: datetime, desired: int) -> None:
    """Auto scaling changes the service's count at any time; the verdict stays."""
    if snapshot.service is None:
        return
    other = service(
        *snapshot.service.deployments,
        status=snapshot.service.status,
        desired=desired,
        breaker_rolls_back=snapshot.service.breaker_rolls_back,
    )
    expected: Verdict = decide(snapshot, ROLLOUT, now, DEADLINE)
    assert decide(ServiceSnapshot(other, snapshot.stopped), ROLLOUT, now, DEADLINE) == expected
