"""Verdicts on an account's facts."""

from datetime import timedelta
from typing import Any

import pytest
from doctor_account import sizes

from pipeline.doctor.judge_quotas import (
    Quota,
    judge_account,
    judge_quota,
    judge_region,
    needed_cpus,
    quotas,
)
from pipeline.doctor.judge_watch import (
    judge_bake,
    judge_redis,
    judge_role,
    judge_scanning,
    judge_secret,
    judge_subscribers,
    judge_trail,
    service_roles,
)
from pipeline.doctor.model import DoctorLine, Sizes
from pipeline.environment.loader import environment


def told(line: DoctorLine) -> str:
    """Return a line as a person reads it."""
    return f"{line.status} {line.seen} | {line.next}"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 14.0),
        ({"autoscaling": None}, 6.0),
        ({"maximum_percent": 100}, 8.0),
        ({"maximum_percent": 150, "autoscaling": {"max_capacity": 3}}, 6.0),
        ({"task_cpu": 256, "autoscaling": None, "desired_count": 1}, 1.0),
    ],
    ids=["twice the most", "a fixed number", "stops first", "rounded down", "a quarter of a vCPU each"],
)
def test_the_need_of_cpus_is_that_of_a_rollout_at_the_most(changes: dict[str, Any], expected: float) -> None:
    """With a task for a migration or smoke test and one for a backup beside the service's."""
    assert needed_cpus(sizes(**changes)) == expected


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("staging", {"single_nat_gateway": True, "shared_redis": None}, [1, 1, 1, 2]),
        ("production", {"zone_count": 3}, [3, 1, 1, 3]),
        ("local", {"single_nat_gateway": True, "shared_redis": None}, [1, 1, 1, 1]),
    ],
)
def test_the_need_of_a_network_follows_from_its_sizes(
    name: str, changes: dict[str, Any], expected: list[int]
) -> None:
    """Addresses of NAT gateways, a VPC, a gateway in each zone, and the rules of the fullest group."""
    found = quotas(sizes(**changes), environment(name))
    assert [item.needed for item in found.values()][1:] == expected


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        (2, "OK 4 needed at most, 2 used by others, 6 allowed | "),
        (
            2.5,
            (
                "NG 4 needed at most, 2.5 used by others, 6 allowed | aws service-quotas "
                "request-service-quota-increase --service-code fargate --quota-code L-3 --desired-value 6.5"
            ),
        ),
    ],
)
def test_a_quota_must_hold_the_need_beside_the_others(used: float, expected: str) -> None:
    """The next step asks for what is missing."""
    assert told(judge_quota(Quota("fargate", "L-3", 4), 6.0, used)) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("opted-in", "OK af-south-1, opted-in | "),
        ("opt-in-not-required", "OK af-south-1, opt-in-not-required | "),
        (
            "not-opted-in",
            "NG af-south-1 is not-opted-in | aws account enable-region --region-name af-south-1",
        ),
        ("", "NG af-south-1 is no region that this account knows | "),
    ],
)
def test_a_region_must_be_switched_on(status: str, expected: str) -> None:
    """Cape Town is off in every new account."""
    assert told(judge_region("af-south-1", status)).startswith(expected)


def test_an_account_must_be_named() -> None:
    """As deploy-infrastructure refuses what may be anybody's; an emulator has no other."""
    assert told(judge_account("1", "1")) == "OK 1 | "
    assert told(judge_account("1", "2")).startswith("NG 2 instead of 1 | Put the right keys")
    assert told(judge_account(None, "2")) == (
        'NG 2; the environment names none | If that is right, set account_id = "2" in environments.toml and '
        "register again."
    )
    assert told(judge_account(None, "2", emulated=True)).startswith("SKIP 2; the environment names none | ")


def test_roles_are_those_of_the_services_in_use() -> None:
    """Whoever uses no Redis need not have ElastiCache's."""
    assert len(service_roles(sizes())) == 4
    assert service_roles(sizes(autoscaling=None, shared_redis=None)) == {
        "AWSServiceRoleForECS": "ecs.amazonaws.com",
        "AWSServiceRoleForElasticLoadBalancing": "elasticloadbalancing.amazonaws.com",
    }


def test_a_missing_role_is_one_command() -> None:
    """AWS makes it at the first use; made before, it cannot come too late."""
    assert told(judge_role("ecs.amazonaws.com", True)) == "OK there | "
    assert told(judge_role("ecs.amazonaws.com", False)) == (
        "SKIP missing: made at the first use, which may come too early for itself | "
        "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com"
    )


@pytest.mark.parametrize(
    ("given", "trails", "expected"),
    [
        (sizes(event_rules=False), {}, "SKIP event_rules is off"),
        (sizes(cloudtrail=True), {}, "OK Terraform makes one"),
        (sizes(), {"off": False, "main": True}, "OK main logs"),
        (sizes(), {"off": False}, "NG off logs nothing: nobody is told"),
        (sizes(), {}, "NG none covers the region: nobody is told"),
    ],
)
def test_security_group_events_need_a_trail_that_logs(
    given: Sizes, trails: dict[str, bool], expected: str
) -> None:
    """EventBridge hears of API calls through a trail only."""
    assert told(judge_trail(given, trails)).startswith(expected)


@pytest.mark.parametrize(
    ("mode", "filters", "expected"),
    [
        ("BASIC", (), "OK BASIC"),
        ("ENHANCED", ("*",), "OK ENHANCED"),
        ("ENHANCED", ("pay",), "OK ENHANCED"),
        ("ENHANCED", ("vimbiso-*",), "OK ENHANCED"),
        ("ENHANCED", ("pay-*", "other"), "NG ENHANCED, and no rule covers vimbiso-pay"),
        ("ENHANCED", (), "NG ENHANCED, and no rule covers vimbiso-pay"),
    ],
)
def test_enhanced_scanning_goes_by_rules_of_the_registry(
    mode: str, filters: tuple[str, ...], expected: str
) -> None:
    """A filter without an asterisk is looked for in the name (ECR user guide)."""
    assert told(judge_scanning("vimbiso-pay", mode, filters)).startswith(expected)


@pytest.mark.parametrize(
    ("given", "minutes", "expected"),
    [
        (sizes(alarms=None), [], "SKIP no alarm takes a rollout back"),
        (sizes(alarms_roll_back=False), [5], "SKIP no alarm takes a rollout back"),
        (sizes(), [], "SKIP the alarms are not made yet"),
        (sizes(), [3, 5], "OK about 5 of a rollout's 15 minutes"),
        (sizes(), [8], "NG about 8 of a rollout's 15 minutes"),
    ],
)
def test_the_longest_alarm_must_leave_time_to_go_back(
    given: Sizes, minutes: list[int], expected: str
) -> None:
    """ECS watches the alarms as far ahead as they look back, in the rollout and again in the way back."""
    windows = [timedelta(minutes=item) for item in minutes]
    assert told(judge_bake(given, windows, timedelta(minutes=15))).startswith(expected)


def test_keys_without_a_value_are_named() -> None:
    """Their names only."""
    assert told(judge_secret(("A", "B"), ("A", "B", "C"))) == "OK 2 keys, each with a value | "
    assert told(judge_secret(("B", "A"), ())).startswith("NG without a value: A, B | Fill in")


@pytest.mark.parametrize(
    ("given", "confirmed", "expected"),
    [
        (sizes(alert_topic=False), None, "SKIP alert_topic is off"),
        (sizes(), None, "SKIP not made yet, for 1 addresses | Confirm the mail"),
        (sizes(alert_emails=[]), None, "NG no subscriber: alerts reach nobody | Set alert_emails"),
        (sizes(), (), "NG no subscriber"),
        (sizes(), (True, False), "NG 1 of 2 subscribers confirmed | Have the others"),
        (sizes(), (True,), "OK 1 of 1 subscribers confirmed"),
    ],
)
def test_alerts_must_reach_somebody(given: Sizes, confirmed: tuple[bool, ...] | None, expected: str) -> None:
    """A topic without a confirmed subscriber swallows everything."""
    assert told(judge_subscribers(given, confirmed)).startswith(expected)


@pytest.mark.parametrize(
    ("given", "offered", "versions", "expected"),
    [
        (sizes(shared_redis=None), False, (), "SKIP no shared Redis"),
        (sizes(), True, ("7.0.7", "7.1.0"), "OK cache.t4g.small with Redis 7.1 is offered"),
        (sizes(), True, ("7.1",), "OK cache.t4g.small"),
        (sizes(), False, ("7.1",), "NG not offered here: cache.t4g.small | "),
        (sizes(), True, ("7.10", "6.2"), "NG not offered here: Redis 7.1 | "),
    ],
)
def test_the_region_must_have_node_type_and_engine(
    given: Sizes, offered: bool, versions: tuple[str, ...], expected: str
) -> None:
    """Small regions lack some."""
    assert told(judge_redis(given, offered, versions)).startswith(expected)
