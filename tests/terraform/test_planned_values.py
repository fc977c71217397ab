"""What is planned for AWS, held against AWS's own models and documented rules; no account and no network."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from planned_members import NEVER_SENT, TABLE, Resource, coverage, refused, resources
from policy_rules import RULES, unlawful
from resource_rules import OF_ALL, broken
from support.aws_models import member
from whole_plan import invent, whole_plan

LEAST_COVERAGE = 0.9
# Source: https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html.
READ_BODIES = {
    "CrossSiteScripting_BODY",
    "EC2MetaDataSSRF_BODY",
    "GenericLFI_BODY",
    "GenericRFI_BODY",
    "JavaDeserializationRCE_BODY",
    "Log4JRCE_BODY",
    "ReactJSRCE_BODY",
    "SQLiExtendedPatterns_BODY",
    "SQLi_BODY",
    "SizeRestrictions_BODY",
}
Seed = Callable[[list[Resource]], None]


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> list[Resource]:
    """Everything that staging, production, the platform and all options make."""
    return resources(whole_plan(tmp_path_factory.mktemp("plan")))


def _faults(found: list[Resource]) -> set[str]:
    return {str(item) for item in (*refused(found), *broken(found), *unlawful(found))}


@pytest.mark.timeout(900)
def test_aws_accepts_what_is_planned(planned: list[Resource]) -> None:
    """No value, policy or combination is one that AWS is known to refuse, or not to do as it is meant."""
    assert _faults(planned) == set()


@pytest.mark.timeout(900)
def test_nearly_all_strings_are_held_against_a_model(planned: list[Resource]) -> None:
    """An attribute that the table does not know is checked by nothing; what is never sent is told why."""
    counted = coverage(planned)
    print(counted)  # noqa: T201 - shown by pytest -rP
    assert {resource.root for resource in planned} == {"staging", "production", "platform", "options"}
    assert counted.held > 1000
    assert counted.share >= LEAST_COVERAGE, counted


@pytest.mark.parametrize("kind", sorted(TABLE))
def test_each_line_of_the_table_names_a_member(kind: str) -> None:
    """A line that names none, or gives no reason for what is never sent, holds nothing."""
    sent = [line for line in TABLE[kind].values() if not line.startswith(NEVER_SENT)]
    assert [line for line in sent if not member(*line.split(" "))] == []
    assert all(len(line.split()) > 2 for line in TABLE[kind].values())


@pytest.mark.timeout(900)
def test_documents_are_known(planned: list[Resource]) -> None:
    """A policy that is known after apply only would be checked by nothing."""
    documents = {
        "aws_iam_role_policy": "policy",
        "aws_s3_bucket_policy": "policy",
        "aws_sns_topic_policy": "policy",
        "aws_sqs_queue_policy": "policy",
        "aws_efs_file_system_policy": "policy",
        "aws_ecs_task_definition": "container_definitions",
        "aws_ssm_parameter": "value",
    }
    unknown = [
        item.address
        for item in planned
        if item.kind in documents and not item.values.get(documents[item.kind])
    ]
    assert unknown == []
    assert documents.keys() <= {item.kind for item in planned}


@pytest.mark.timeout(900)
def test_rules_that_read_bodies_count(planned: list[Resource]) -> None:
    """A chat message may hold markup or words of SQL."""
    firewalls = [item for item in planned if item.kind == "aws_wafv2_web_acl"]
    assert {item.root for item in firewalls} == {"staging", "production", "options"}
    assert [item.address for item in firewalls if not _counted(item) >= READ_BODIES] == []


def _counted(firewall: Resource) -> set[str]:
    return {
        changed["name"]
        for rule in firewall.values["rule"]
        for group in rule["statement"][0]["managed_rule_group_statement"]
        for changed in group["rule_action_override"]
        if changed["action_to_use"][0]["count"]
    }


@pytest.mark.timeout(900)
def test_the_platforms_secrets_have_values(planned: list[Resource]) -> None:
    """Its services start in the apply that makes them, and none starts without a password."""
    secret, value = (
        {item.module for item in planned if item.kind == kind and item.root == "platform"}
        for kind in ("aws_secretsmanager_secret", "aws_secretsmanager_secret_version")
    )
    assert secret
    assert secret == value


@pytest.mark.timeout(900)
def test_an_alert_of_a_stopped_task_shows_no_overrides(planned: list[Resource]) -> None:
    """They hold the URL of a database job's orders, and the alert is a mail."""
    targets = [
        item
        for item in planned
        if item.address.endswith('aws_cloudwatch_event_target.topic["stopped-tasks"]')
    ]
    assert {item.root for item in targets} >= {"staging", "production"}
    for target in targets:
        (told,) = target.values["input_transformer"]
        template = told["input_template"]
        for name in told["input_paths"]:
            template = template.replace(f"<{name}>", json.dumps(name))
        assert set(json.loads(template)) == set(told["input_paths"])
        assert not {"overrides", "attributes"} & {
            path.rpartition(".")[2] for path in told["input_paths"].values()
        }


def _set(address: str, **values: Any) -> Seed:
    """Seed attributes of the first resource whose address ends so."""

    def seed(found: list[Resource]) -> None:
        _one(found, address).values.update(values)

    return seed


def _edit(address: str, attribute: str, old: str, new: str) -> Seed:
    """Seed a change in an attribute's text."""

    def seed(found: list[Resource]) -> None:
        values = _one(found, address).values
        assert old in values[attribute], values[attribute]
        values[attribute] = values[attribute].replace(old, new)

    return seed


def _drop(*kinds: str) -> Seed:
    """Seed the lack of all resources of these types."""

    def seed(found: list[Resource]) -> None:
        found[:] = [resource for resource in found if resource.kind not in kinds]

    return seed


def _one(found: list[Resource], address: str) -> Resource:
    return next(resource for resource in found if resource.address.endswith(address))


def _encrypt_access_logs(found: list[Resource]) -> None:
    kind = "aws_s3_bucket_server_side_encryption_configuration.this"
    rule = _one(found, f"platform.module.access_log_bucket.{kind}").values["rule"][0]
    rule["apply_server_side_encryption_by_default"][0]["sse_algorithm"] = "aws:kms"


def _rename_container(found: list[Resource]) -> None:
    values = _one(found, 'aws_ecs_task_definition.this["server"]').values
    containers = json.loads(values["container_definitions"])
    values["container_definitions"] = json.dumps([{**containers[0], "name": "a b", "portMapping": []}])


VALUES = {
    "apostrophe": (
        _set('platform.aws_security_group.this["balancer"]', description="it's"),
        "or others than a-zA-Z0-9",
    ),
    "target group": (_set("platform.aws_lb_target_group.this", name="x" * 40), "is not 1 to 32 letters"),
    "retention": (
        _set("platform.module.logs.aws_cloudwatch_log_group.this", retention_in_days=31),
        "none of [1, 3",
    ),
    "pattern": (_set("platform.module.logs.aws_cloudwatch_log_group.this", name="a b"), "does not match"),
    "length": (_set("platform.aws_iam_role.flow", description="x" * 1001), "is 1001 long, more than 1000"),
    "enum": (
        _set('platform.aws_ecs_service.this["server"]', launch_type="LAMBDA"),
        "is none of EC2, FARGATE",
    ),
    "range": (_set("platform.aws_lb_listener.https", port=70_000), "is 70000, more than 65535"),
    "no number": (_set("platform.aws_lb_listener.https", port="https"), "is no integer"),
    "document": (_rename_container, "is not 255 letters, digits, - and _"),
    "unknown member": (_rename_container, "portMapping"),
    "tag": (_set("platform.aws_lb.this", tags_all={"aws:Name": "x"}), "has the tag aws:Name=x"),
}
_KEY = "platform.module.encryption.aws_kms_key.this"
_TRAIL_BUCKET = "production.module.audit[0].module.bucket.aws_s3_bucket_policy.this[0]"
WHOLES = {
    "inline_policies": (
        _edit("platform.aws_iam_role_policy.worker", "policy", "{", "{" + '"x":1,' * 2000),
        "10240",
    ),
    "tasks_of_the_placeholder": (
        _set("production.module.autoscaling[0].aws_appautoscaling_target.this", min_capacity=5),
        "starts 5 tasks instead of 0",
    ),
    "key_of_log_groups": (_edit(_KEY, "policy", "logs.af-south-1", "logs"), "lacks kms:Encrypt"),
    "key_of_trails": (
        _edit("production.module.encryption[0].aws_kms_key.this", "policy", "cloudtrail.", "trail."),
        "lacks kms:DescribeKey, kms:GenerateDataKey",
    ),
    "key_of_topics": (
        _edit(_KEY, "policy", "cloudwatch.amazonaws.com", "x.amazonaws.com"),
        "lacks kms:Decrypt, kms:G",
    ),
    "key_of_queues": (
        _edit(_KEY, "policy", "events.amazonaws.com", "x.amazonaws.com"),
        "aws_sqs_queue.tasks",
    ),
    "policy_of_topics": (_drop("aws_sns_topic_policy"), "may not publish to the topic"),
    "policy_of_queues": (_drop("aws_sqs_queue_policy"), "may not send to the queue"),
    "bucket_of_trails": (
        _edit(_TRAIL_BUCKET, "policy", "s3:GetBucketAcl", "s3:GetBucket"),
        "lacks s3:GetBucketAcl",
    ),
    "bucket_of_access_logs": (_encrypt_access_logs, "has another key than S3's own"),
    "role_of_flow_logs": (
        _edit(
            "platform.module.network.aws_iam_role_policy.flow[0]", "policy", "logs:PutLogEvents", "logs:Put"
        ),
        "PutLogEvents",
    ),
    "trail_of_events": (_drop("aws_cloudtrail"), "production.module.events[0]"),
    "log_groups_of_databases": (
        _set("platform.aws_db_instance.this", identifier="other"),
        "/aws/rds/instance/other/",
    ),
}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [*VALUES, *WHOLES])
def test_a_seeded_fault_is_found(name: str, planned: list[Resource]) -> None:
    """A check that finds nothing in a good plan may look at nothing."""
    seed, words = {**VALUES, **WHOLES}[name]
    seeded = copy.deepcopy(planned)
    seed(seeded)
    new = _faults(seeded) - _faults(planned)
    assert any(words in fault for fault in new), new


def test_each_rule_of_the_whole_is_seeded() -> None:
    """A rule without a seeded fault may be dead."""
    assert {rule.__name__ for rule in (*OF_ALL, *RULES)} == set(WHOLES)


@pytest.mark.parametrize(
    ("reference", "invented"),
    [
        ("aws_s3_bucket.this.arn", '"arn:aws:s3:::${aws_s3_bucket.this.bucket}"'),
        ('"${aws_s3_bucket.this.arn}/*"', '"${"arn:aws:s3:::${aws_s3_bucket.this.bucket}"}/*"'),
        ("aws_iam_role.this[each.key].id", '"${aws_iam_role.this[each.key].name}"'),
        ("aws_iam_role.this[*].id", '[for it in aws_iam_role.this[*] : "${it.name}"]'),
        (
            "{ for k, v in aws_iam_role.this : k => v.id }",
            '{ for k, v in aws_iam_role.this : k => "${v.name}" }',
        ),
        ("aws_s3_bucket.this.bucket", "aws_s3_bucket.this.bucket"),
        ("data.aws_vpc.this.id", "data.aws_vpc.this.id"),
    ],
)
def test_what_aws_would_tell_is_invented(reference: str, invented: str) -> None:
    """A reference that stays would make a document unknown, and one too many would plan something else."""
    assert invent(reference) == invented
