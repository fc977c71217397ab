"""ECS's own rollback, left off by a run that was killed: when it is switched on again, and when said."""

from dataclasses import replace
from typing import Any

import pytest
from test_start_rollout import NEW, NOW, OLD, R8, WANTED, FakeService, FakeStore, begin, deployment, service

from pipeline.delivery.start import end_hold, end_rollout, rollback_setting, tell_hold
from pipeline.ecs.model import Service
from pipeline.release.model import Rollout

HELD = Rollout(
    release=R8,
    primary_before="ecs-svc/7",
    previous=None,
    started_at=NOW,
    deployment_id="ecs-svc/8",
    flow_run="run-1",
    holds_rollback=True,
)
ON = {"maximumPercent": 200, "deploymentCircuitBreaker": {"enable": True, "rollback": True}}


class Configured(FakeService):
    """ECS that takes settings, too."""

    def configure(self, configuration: Any) -> None:
        """Keep them."""
        self.configuration = configuration


class Closing(FakeStore):
    """A store whose note can be removed."""

    def close_rollout(self) -> None:
        """Forget it."""
        self.opened = None


def off(state: str) -> Service:
    """A service on the new release, with ECS's own rollback off."""
    found = service(deployment("ecs-svc/8", NEW, state))
    return replace(found, breaker_rolls_back=False, configuration=rollback_setting(found, on=False))


CASES = [
    pytest.param(None, off("COMPLETED"), False, id="no rollout is noted"),
    pytest.param(HELD.model_copy(update={"holds_rollback": False}), off("COMPLETED"), False, id="not held"),
    pytest.param(HELD, off("IN_PROGRESS"), False, id="ECS moves the service"),
    pytest.param(HELD, replace(off("COMPLETED"), deployments=()), False, id="ECS lists no deployment"),
    pytest.param(HELD, off("COMPLETED"), True, id="over, well"),
    pytest.param(HELD, off("FAILED"), True, id="over, badly"),
    pytest.param(HELD, service(deployment("ecs-svc/9", OLD)), True, id="killed before the update"),
]


@pytest.mark.parametrize(("opened", "present", "ends"), CASES)
def test_the_hold_ends_once_the_service_is_still(
    opened: Rollout | None, present: Service, ends: bool
) -> None:
    """The rollout stays noted, for a run that goes on with it."""
    ecs, store = Configured(present), FakeStore(opened)
    assert end_hold(ecs, store) == (opened if ends else None)
    assert ecs.configuration == (ON if ends else None)
    after = opened.model_copy(update={"holds_rollback": False}) if ends and opened else opened
    assert store.opened == after
    assert end_hold(ecs, store) is None


@pytest.mark.parametrize(("opened", "present", "ends"), CASES[1:])
def test_it_is_said_where_it_is_off(opened: Rollout, present: Service, ends: bool) -> None:
    """With the run and the release; a setting that was never changed is not told of."""
    told = tell_hold(opened, present)
    assert bool(told) == (ends and not present.rolls_back)
    assert not told or ("run-1" in told and "release r8" in told)


def test_a_second_release_with_irreversible_migrations_is_held_like_the_first() -> None:
    """What the killed run switched off is no setting of the service's."""
    ecs, store = FakeService(off("IN_PROGRESS")), FakeStore(HELD)
    further = R8.model_copy(update={"task_definition": "app:9"})
    begin(ecs, store, replace(WANTED, release=further, asks_first=True, take_over=True))
    assert store.opened is not None
    assert store.opened.holds_rollback
    assert ecs.configuration is not None
    assert not ecs.configuration["deploymentCircuitBreaker"]["rollback"]


@pytest.mark.parametrize("held", [True, False])
def test_the_end_of_a_rollout_gives_the_setting_back(held: bool) -> None:
    """Before the note goes, so that a run that is killed between leaves it."""
    ecs, store = Configured(off("COMPLETED")), Closing(HELD)
    end_rollout(ecs, store, HELD.model_copy(update={"holds_rollback": held}))
    assert ecs.configuration == (ON if held else None)
    assert store.opened is None
