"""Each rule about one resource accepts what AWS accepts, and refuses the rest."""

from typing import Any

import pytest
from planned_members import Resource
from resource_rules import OF_ONE, broken

RULES = {rule.__name__: (kind, rule) for kind, rules in OF_ONE.items() for rule in rules}
QUEUE = {
    "delay_seconds": 0,
    "kms_data_key_reuse_period_seconds": None,
    "max_message_size": 262_144,
    "message_retention_seconds": 60,
    "receive_wait_time_seconds": 0,
    "visibility_timeout_seconds": 300,
}
ALARM = {
    "period": 60,
    "evaluation_periods": 5,
    "datapoints_to_alarm": None,
    "statistic": "Sum",
    "extended_statistic": None,
}
DATABASE = {
    "allocated_storage": 20,
    "max_allocated_storage": 100,
    "storage_type": "gp3",
    "monitoring_interval": 60,
    "monitoring_role_arn": "arn",
}
SERVICE = {
    "deployment_minimum_healthy_percent": 100,
    "deployment_maximum_percent": 200,
    "availability_zone_rebalancing": "ENABLED",
}
PORTS = {"ip_protocol": "tcp", "from_port": 80, "to_port": 443}
TASK = {"requires_compatibilities": ["FARGATE"], "cpu": "512", "memory": "1024"}
NODES = {"automatic_failover_enabled": True, "multi_az_enabled": True, "num_cache_clusters": 2}
GROUP = "arn:aws:logs:af-south-1:123456789012:log-group:"


def _moves(expires: int | None = None, **days: int) -> dict[str, Any]:
    found = [{"storage_class": name, "days": after} for name, after in days.items()]
    return {"rule": [{"transition": found, "expiration": [{"days": expires}]}]}


CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "alarm_window": (
        ALARM,
        [
            {**ALARM, "evaluation_periods": 1441},
            {**ALARM, "datapoints_to_alarm": 6},
            {**ALARM, "statistic": None},
        ],
    ),
    "balancer_times": (
        {"idle_timeout": 60, "client_keep_alive": 3600},
        [{"idle_timeout": 4001, "client_keep_alive": 3600}, {"idle_timeout": 60, "client_keep_alive": 59}],
    ),
    "database": (
        DATABASE,
        [
            {**DATABASE, "max_allocated_storage": 21},
            {**DATABASE, "allocated_storage": 10},
            {**DATABASE, "monitoring_role_arn": None},
        ],
    ),
    "draining": (
        {"deregistration_delay": "30", "slow_start": 0},
        [{"deregistration_delay": "3601", "slow_start": 0}, {"deregistration_delay": "30", "slow_start": 10}],
    ),
    "failover": (NODES, [{**NODES, "num_cache_clusters": 1}, {**NODES, "automatic_failover_enabled": False}]),
    "grace_period": (
        {"health_check_grace_period_seconds": 60, "load_balancer": [{}]},
        [{"health_check_grace_period_seconds": 60, "load_balancer": []}],
    ),
    "health_check": (
        {"health_check": [{"timeout": 5, "interval": 15}]},
        [{"health_check": [{"timeout": 15, "interval": 15}]}],
    ),
    "parameter": ({"value": "x" * 4096}, [{"value": "x" * 4097}, {"value": "é" * 2049, "tier": "Standard"}]),
    "port_range": (
        PORTS,
        [{**PORTS, "to_port": 79}, {**PORTS, "from_port": None}, {**PORTS, "ip_protocol": "-1"}],
    ),
    "queue_attributes": (
        QUEUE,
        [{**QUEUE, "delay_seconds": 901}, {**QUEUE, "kms_data_key_reuse_period_seconds": 59}],
    ),
    "rollout": (
        SERVICE,
        [
            {**SERVICE, "deployment_maximum_percent": 100},
            {**SERVICE, "deployment_maximum_percent": 100, "deployment_minimum_healthy_percent": 0},
        ],
    ),
    "scaling_bounds": ({"min_capacity": 2, "max_capacity": 2}, [{"min_capacity": 3, "max_capacity": 2}]),
    "task_size": (TASK, [{**TASK, "memory": "512"}, {**TASK, "cpu": "500"}]),
    "transitions": (
        _moves(365, STANDARD_IA=30, GLACIER=180),
        [_moves(STANDARD_IA=29), _moves(STANDARD_IA=30, GLACIER=45), _moves(30, STANDARD_IA=30)],
    ),
    "waf_log_destination": (
        {"log_destination_configs": [f"{GROUP}aws-waf-logs-pay"]},
        [{"log_destination_configs": [f"{GROUP}pay-waf"]}],
    ),
}


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_resource_rule_tells_good_from_bad(name: str) -> None:
    """A rule that is too strict stops what AWS takes, and one that is too mild finds nothing."""
    good, bad = CASES[name]
    rule = RULES[name][1]
    assert list(rule(good)) == []
    assert [values for values in bad if not list(rule(values))] == []


def test_each_resource_case_has_its_rule() -> None:
    """A rule that was taken away leaves no cases behind."""
    assert CASES.keys() == RULES.keys()


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_resource_rule_is_asked_about_its_type(name: str) -> None:
    """A rule that is registered for another type looks at nothing."""
    kind, rule = RULES[name]
    others = {key: value for good, _ in CASES.values() for key, value in good.items()}
    named = {"name": "pay", "desired_count": 2, "resource_id": "service/pay/other"}
    seeded = Resource(f"module.staging.{kind}.this", kind, {**others, **named, **CASES[name][1][0]})
    assert name in {str(found.value) for found in broken([seeded])}
    assert "https://docs.aws.amazon.com/" in (rule.__doc__ or "")
