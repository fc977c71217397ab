"""Whether tasks start again for new secret values."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.delivery.model import choose_restart
from pipeline.ecs.model import Deployment, EcsError, Outcome, Service
from pipeline.errors import PipelineError
from pipeline.release.model import ReleaseRecord

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER, EARLIER = BEGAN + timedelta(seconds=1), BEGAN - timedelta(seconds=1)


def _service(state: str = "COMPLETED", desired: int = 2) -> Service:
    primary = Deployment("ecs-svc/1", "PRIMARY", "app:7", state, "", desired, desired, 0, 0, BEGAN, BEGAN)
    return Service("web", "ACTIVE", desired, "app:7", (primary,), True)


def _record(definition: str, outcome: Outcome = Outcome.SUCCEEDED, release: str = "r7") -> ReleaseRecord:
    return ReleaseRecord(
        release=release,
        outcome=outcome,
        message="",
        kind="deploy",
        task_definition=definition,
        image="app@sha256:7",
        image_digest="sha256:7",
        deployment_id="ecs-svc/1",
        started_at=BEGAN,
        ended_at=BEGAN,
    )


def test_tasks_older_than_the_values_start_anew() -> None:
    """It is the newest good record of what runs that says what to prove."""
    records = [_record("app:7", Outcome.FAILED, "bad"), _record("app:8"), _record("app:7", release="good")]
    chosen = choose_restart(_service(), LATER, records)
    assert chosen is not None
    assert chosen.release == "good"


@pytest.mark.parametrize(
    ("service", "written"),
    [(_service(), EARLIER), (_service(), None), (_service(desired=0), LATER)],
    ids=["they began later", "there are no values", "there are no tasks"],
)
def test_nothing_starts_anew_where_nothing_would_change(service: Service, written: datetime | None) -> None:
    """A repeated run restarts nothing."""
    assert choose_restart(service, written, [_record("app:7")]) is None


def test_a_rollout_under_way_is_not_disturbed() -> None:
    """The error says what to do when it has ended."""
    with pytest.raises(EcsError, match="again when the rollout has ended"):
        choose_restart(_service("IN_PROGRESS"), LATER, [_record("app:7")])


def test_what_was_never_good_is_not_restarted() -> None:
    """Nobody could tell what the restart would have to prove."""
    with pytest.raises(PipelineError, match="deploy-application"):
        choose_restart(_service(), LATER, [_record("app:8"), _record("app:7", Outcome.FAILED)])
