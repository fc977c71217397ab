"""Each rule that AWS documents accepts what AWS accepts, and refuses the rest."""

import json
from typing import Any

import pytest
import support.aws_requests  # noqa: F401 - registers all rules
from support.aws_rules import RULES, Rule

BY_NAME: dict[str, Rule] = {rule.__name__: rule for rules in RULES.values() for rule in rules}
STATEMENT = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::a/*"}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs.amazonaws.com"}}
EXPIRY = {"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan"}}


def _policy(*statements: dict[str, Any], **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


def _lifecycle(**selection: Any) -> str:
    chosen = {**EXPIRY["selection"], **selection}  # type: ignore[dict-item]
    return json.dumps({"rules": [{**EXPIRY, "selection": chosen, "action": {"type": "expire"}}]})


def _widget(**values: Any) -> str:
    return json.dumps({"widgets": [{"type": "metric", **values}]})


LONG = "x" * 40_000
CASES: dict[str, tuple[list[Any], list[Any]]] = {
    "alarm_period": ([10, 30, 60, 300], [45, 90]),
    "backup_days": ([0, 35], [36]),
    "balancer_name": (["pay", "x" * 32], ["internal-pay", "x" * 33, "-pay", "pay_1"]),
    "bucket_name": (
        ["pay-backups-1", "a.b"],
        ["Pay", "ab", "x" * 64, "a..b", "10.0.0.1", "xn--a", "pay-s3alias"],
    ),
    "bucket_policy_size": ([_policy(STATEMENT)], [LONG]),
    "dashboard_body": ([_widget(width=24)], [_widget(x=12, width=13), _widget(type="chart")]),
    "dashboard_name": (["pay-staging"], ["pay staging", "pay/staging"]),
    "database_identifier": (["pay", "a-1"], ["1a", "a--b", "a-", "a_b", "x" * 64]),
    "ecs_name": (["pay_1-a"], ["pay 1", "x" * 256, "pay.1"]),
    "event_pattern": (
        [
            '{"source":["aws.ecs"]}',
            '{"detail":{"$or":[{"a":[1]},{"b":[{"prefix":"x"}]}]}}',
        ],
        ['{"source":"aws.ecs"}', '{"a":[{"begins":"x"}]}', "{}", '{"a":[]}'],
    ),
    "fixed_content_type": (["text/plain"], ["text/xml"]),
    "flow_log_interval": ([60, 600], [300]),
    "health_codes": (["200", "200-299,301"], ["200-599", "2xx", ""]),
    "identity_policy": (
        [_policy({**STATEMENT, "Sid": "Read"})],
        [
            _policy({**STATEMENT, "Sid": "Read it"}),
            _policy({**STATEMENT, "Sid": "A"}, {**STATEMENT, "Sid": "A"}),
            _policy({**STATEMENT, "Principal": "*"}),
            _policy({**STATEMENT, "Action": "GetObject"}),
            _policy({**STATEMENT, "Resource": "my-bucket"}),
            _policy({**STATEMENT, "Condition": {"StringEqual": {"a": "b"}}}),
            _policy({**STATEMENT, "Effect": "Maybe"}),
            _policy(STATEMENT, Version="2020-01-01"),
            "{",
        ],
    ),
    "image_lifecycle": (
        [_lifecycle(), _lifecycle(tagStatus="tagged", tagPrefixList=["v"])],
        [_lifecycle(tagStatus="tagged"), _lifecycle(countUnit="days"), _lifecycle(tagStatus="old")],
    ),
    "key_alias": (["alias/pay-staging"], ["alias/aws/s3", "pay", "alias/a b"]),
    "key_policy_size": ([_policy(TRUST)], [LONG]),
    "log_retention": ([1, 30, 3653], [0, 31]),
    "metric_namespace": (["pay/staging"], ["AWS/ECS", "bücher"]),
    "monitoring_interval": ([0, 60], [45]),
    "network_range": (["10.0.0.0/16"], ["10.0.0.0/8", "10.0.0.0/29", "10.0.0.1/16"]),
    "overrides_size": ([{"containerOverrides": []}], [{"containerOverrides": [{"command": ["x" * 8192]}]}]),
    "parameter_name": (["/pay/staging"], ["/aws/pay", "ssm-pay", "/pay staging", "/a" * 16]),
    "port": ([-1, 0, 65_535], [-2, 65_536]),
    "postgres_name": (["prefect"], ["postgres", "rdsadmin", "1a", "a-b"]),
    "queue_name": (["pay", "pay.fifo"], ["x" * 81, "a.b"]),
    "replication_group_id": (["pay", "x" * 40], ["x" * 41, "1a", "a--b", "a-"]),
    "resource_policy": (
        [_policy({**TRUST, **STATEMENT, "Sid": "Read it"}), "3600"],
        [_policy(STATEMENT), _policy({**TRUST, **STATEMENT, "Sid": "a-b"})],
    ),
    "role_policy_size": ([_policy(STATEMENT), " " * 20_000], [LONG]),
    "secret_name": (["pay/staging/app"], ["pay-secret", "pay staging", "x" * 513]),
    "security_group_text": (
        ["From the balancer: HTTPS (443), [a] {b} @c #d $e *f !g ;&=+/", ""],
        ["the application's port", "a>b", "sg-1", "x" * 256, "café", "a\nb"],
    ),
    "snapshot_identifier": (["pay-last", "x" * 255], ["pay--last", "1", "x" * 256]),
    "started_by": (["deploy/1_a-b"], ["a b", "x" * 129]),
    "target_group_name": (["internal-pay", "x" * 32], ["x" * 33, "pay-", "a.b"]),
    "topic_name": (["pay-alerts", "pay.fifo"], ["pay alerts", "x" * 257]),
    "trust_policy": ([_policy(TRUST)], [_policy(STATEMENT), _policy({**TRUST, "Resource": "*"})]),
    "trust_policy_size": ([_policy(TRUST)], ["x" * 2049]),
}


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_rule_tells_good_from_bad(name: str) -> None:
    """A rule that is too strict stops what AWS takes, and one that is too mild finds nothing."""
    good, bad = CASES[name]
    assert {str(value)[:60]: BY_NAME[name](value) for value in good if BY_NAME[name](value)} == {}
    assert [str(value)[:60] for value in bad if not BY_NAME[name](value)] == []


def test_each_case_has_its_rule() -> None:
    """A rule that was taken away leaves no cases behind."""
    assert CASES.keys() == BY_NAME.keys()


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_rule_names_its_source(name: str) -> None:
    """A rule without AWS's page is an opinion."""
    assert "https://docs.aws.amazon.com/" in (BY_NAME[name].__doc__ or "")
