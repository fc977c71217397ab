"""Which groups get the wanted retention, and how."""

from datetime import UTC, date, datetime, timedelta

import pytest
from fake_logs import FakeAws, FakeLogs

from pipeline.logs.cloudwatch import apply_retention
from pipeline.logs.manifest import LogsError
from pipeline.logs.retention import (
    LogGroup,
    RetentionAction,
    days_due,
    environment_groups,
    history_is_archived,
    plan_retention,
)
from pipeline.outputs import Outputs

NOW = datetime(2026, 3, 31, tzinfo=UTC)
TODAY = NOW.date()
OLD = NOW - timedelta(days=400)


def _group(name: str, days: int | None, created: datetime = OLD) -> LogGroup:
    return LogGroup(name, days, created)


def test_picks_the_groups_of_one_environment() -> None:
    """AWS names its own groups after the resources; neither production nor prod-eu is prod."""
    outputs = Outputs.model_construct(
        app="pay",
        environment="prod",
        cluster="pay-cluster-prod",
        service="pay-service-prod",
        log_group="/ecs/own",
    )
    names = [
        "/ecs/own",
        "/aws/ecs/containerinsights/pay-cluster-prod/performance",
        "aws-waf-logs-pay-prod",
        "/vpc/pay-prod",
        "/ecs/pay-production",
        "/vpc/pay-prod-eu",
        "/aws/ecs/containerinsights/pay-cluster-prod-eu/performance",
        "/ecs/xpay-prod",
        "/ecs/pay-staging",
    ]
    found = environment_groups([_group(name, None) for name in names], outputs)
    assert [group.name for group in found] == names[:4]


@pytest.mark.parametrize(
    ("group", "options", "expected"),
    [
        (_group("g", 30), {}, RetentionAction.KEEP),
        (_group("g", 7), {}, RetentionAction.SET),
        (_group("g", 90), {}, RetentionAction.HOLD),
        (_group("g", 90), {"archived": ["g"]}, RetentionAction.HOLD),
        (_group("g", 90), {"shorten": True}, RetentionAction.SET),
        (_group("g", None), {}, RetentionAction.HOLD),
        (_group("g", None), {"archived": ["g"]}, RetentionAction.SET),
        (_group("g", None), {"shorten": True}, RetentionAction.SET),
        (_group("g", None, NOW - timedelta(days=29)), {}, RetentionAction.SET),
    ],
)
def test_a_retention_is_set_only_where_nothing_is_lost(
    group: LogGroup, options: dict[str, object], expected: RetentionAction
) -> None:
    """Longer retentions stay; endless ones end when the history is archived or asked for."""
    plan = plan_retention([group], ["g"], 30, NOW, **options)  # type: ignore[arg-type]
    assert [row.action for row in plan.rows] == [expected]


def test_endless_groups_of_others_are_reported_and_left_alone() -> None:
    """The plan names them; it does not change them."""
    plan = plan_retention([_group("b", None), _group("a", 7), _group("mine", 30)], ["mine"], 30, NOW)
    assert ([group.name for group in plan.unlimited_elsewhere], plan.changes) == (["b"], ())


def test_a_retention_that_cloudwatch_does_not_know_is_refused() -> None:
    """Emulators take any number."""
    with pytest.raises(LogsError, match="31 days"):
        plan_retention([], [], 31, NOW)


def test_a_refusal_does_not_stop_the_rest() -> None:
    """The refused group is named with the reason."""
    names = [f"g{n}" for n in range(6)]
    logs = FakeLogs({}, refuse=frozenset({"g2"}))
    plan = plan_retention([_group(name, 7) for name in names], names, 30, NOW)
    result = apply_retention(FakeAws("af-south-1", logs=logs), plan)
    assert (result.done, set(result.failed)) == (tuple(n for n in names if n != "g2"), {"g2"})
    assert "AccessDenied" in result.failed["g2"]
    assert set(logs.retention.values()) == {30}


def _days(*back: int) -> tuple[date, ...]:
    return tuple(TODAY - timedelta(days=number) for number in back)


def test_the_last_days_are_read_again_and_older_ones_only_where_they_lack() -> None:
    """Newest first; today is not over."""
    group = _group("g", 7)
    assert days_due(group, _days(1, 2, 3, 4, 6), TODAY) == _days(1, 2, 3, 5, 7)


def test_no_day_before_the_group_existed_is_due() -> None:
    """Without a retention the history reaches back to the group's first day."""
    group = _group("g", None, NOW - timedelta(days=5))
    assert days_due(group, (), TODAY, rescan=1) == _days(1, 2, 3, 4, 5)
    assert days_due(_group("g", 30, NOW), (), TODAY) == ()


def test_the_history_is_archived_when_every_day_that_would_go_is() -> None:
    """One day that lacks is enough to keep the group as it is."""
    group = _group("g", None, NOW - timedelta(days=33))
    assert history_is_archived(group, frozenset(_days(30, 31, 32, 33)), TODAY, 30)
    assert not history_is_archived(group, frozenset(_days(30, 31, 33)), TODAY, 30)
