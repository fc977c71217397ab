"""What each check of an account says, against answers as AWS gives them."""

from typing import Any

import pytest
from fake_cloud import OUTPUTS, Cloud, definition, deployment, refusal, role, service, stored, whole

from pipeline.environment.loader import environment
from pipeline.live import LiveEnvironment
from pipeline.outputs import Outputs
from pipeline.preflight.cloud import PresentService, cloud_checks
from pipeline.preflight.model import CheckResult, CheckStatus, run_checks

OK, NG, SKIP = CheckStatus.OK, CheckStatus.NG, CheckStatus.SKIP
DENIED = refusal("AccessDenied")


def findings(
    cloud: Cloud, outputs: Outputs = OUTPUTS, keys: list[str] | None = None
) -> dict[str, CheckResult]:
    """Ask every check of the local environment."""
    settings = environment("local").model_copy(update={"secret_keys": keys or []})
    live = LiveEnvironment(settings, cloud, outputs)
    checks = cloud_checks(live, PresentService(live))
    return {item.name: item for item in run_checks(checks)}


def test_nothing_speaks_against_deploying_to_an_account_in_order() -> None:
    """Every check is OK, and what several want to know is asked once."""
    cloud = Cloud(answers=whole())
    found = findings(cloud)
    assert {item.status for item in found.values()} == {OK}
    assert len(found) == 13
    assert cloud.asked.count("describe_services") == 1
    assert cloud.asked.count("describe_task_definition") == 1


@pytest.mark.parametrize(
    ("call", "answer", "check", "status", "reason"),
    [
        (("sts", "get_caller_identity"), refusal("ExpiredToken"), "identity", NG, "expired"),
        (
            ("sts", "get_caller_identity"),
            {"Account": "1" * 12, "Arn": "arn:other"},
            "identity",
            NG,
            "111111111111",
        ),
        (("ecs", "describe_services"), {"services": []}, "service", NG, "does not exist"),
        (("ecs", "describe_services"), service(status="DRAINING"), "service", NG, "is DRAINING"),
        (
            ("ecs", "describe_services"),
            service(deployments=[deployment("IN_PROGRESS")]),
            "rollout",
            SKIP,
            "ecs-svc/1 is under way",
        ),
        (("elbv2", "describe_target_groups"), refusal("TargetGroupNotFound"), "target groups", NG, "target"),
        (
            ("elbv2", "describe_target_groups"),
            {"TargetGroups": [{"HealthCheckPath": "/", "Matcher": {"HttpCode": "200-299"}}]},
            "target groups",
            NG,
            "check / instead of /health/",
        ),
        (
            ("logs", "describe_log_groups"),
            {"logGroups": [{"logGroupName": "/ecs/app-old"}]},
            "log group",
            NG,
            "/ecs/app does not exist",
        ),
        (("ecr", "describe_repositories"), refusal("RepositoryNotFoundException"), "repository", NG, "app"),
        (("iam", "get_role"), refusal("NoSuchEntity"), "task role", NG, "task"),
        (("iam", "get_role"), DENIED, "execution role", NG, "execution"),
        (("iam", "get_role"), role({"Statement": []}), "task role", NG, "may not assume role task"),
        (
            ("secretsmanager", "get_secret_value"),
            stored({"DJANGO_SECRET": ""}),
            "secrets",
            NG,
            "Without a value in vimbiso-pay/local/app: DJANGO_SECRET",
        ),
        (("ecs", "describe_task_definition"), DENIED, "secrets", NG, "task definition"),
        (
            ("acm", "describe_certificate"),
            {"Certificate": {"Status": "PENDING_VALIDATION"}},
            "certificate",
            NG,
            "PENDING_VALIDATION",
        ),
    ],
)
def test_what_is_wrong_is_named(
    call: tuple[str, str], answer: Any, check: str, status: CheckStatus, reason: str
) -> None:
    """One thing is not as it should be: its check says so, with the name and what to do."""
    found = findings(Cloud(answers={**whole(), call: answer}))[check]
    assert found.status is status
    assert reason in found.reason


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({}, OK, "ECS replaces the tasks (ROLLING)"),
        ({"deploymentConfiguration": {"maximumPercent": 200}}, OK, "ROLLING"),
        ({"deploymentConfiguration": {"strategy": "ROLLING"}}, OK, "ROLLING"),
        ({"deploymentController": {"type": "ECS"}}, OK, "ROLLING"),
        *(
            ({"deploymentConfiguration": {"strategy": strategy}}, NG, f"service deploys by {strategy}, and")
            for strategy in ("BLUE_GREEN", "LINEAR", "CANARY")
        ),
        *(
            ({"deploymentController": {"type": kind}}, NG, f"deployments of service are {kind}'s, not ECS's")
            for kind in ("CODE_DEPLOY", "EXTERNAL")
        ),
    ],
)
def test_a_service_that_is_not_rolled_out_by_ecs_is_refused(
    changes: dict[str, Any], status: CheckStatus, reason: str
) -> None:
    """Its tasks are in other target groups, and it may pause for hours: gates would take a good one back."""
    found = findings(Cloud(answers={**whole(), ("ecs", "describe_services"): service(**changes)}))["strategy"]
    assert found.status is status
    assert reason in found.reason


def test_a_value_of_a_secret_is_never_shown() -> None:
    """The report has names only."""
    cloud = Cloud(
        answers={**whole(), ("secretsmanager", "get_secret_value"): stored({"DJANGO_SECRET": "s3cr3t"})}
    )
    assert "s3cr3t" not in repr(findings(cloud))


def test_with_wrong_credentials_nothing_else_is_asked() -> None:
    """What depends on them is skipped and says so."""
    cloud = Cloud(answers={**whole(), ("sts", "get_caller_identity"): refusal("InvalidClientTokenId")})
    found = findings(cloud)
    assert cloud.asked == ["get_caller_identity"]
    assert found["repository"] == CheckResult("repository", SKIP, "needs identity")


def test_an_environment_without_a_certificate_is_not_asked_for_one() -> None:
    """Plain HTTP is a choice of the environment."""
    cloud = Cloud(answers=whole())
    found = findings(cloud, OUTPUTS.model_copy(update={"certificate_arn": None}))
    assert found["certificate"].status is SKIP


def test_references_to_other_places_are_named_for_the_trial() -> None:
    """The worker may not read them; what cannot be told is not called well in silence."""
    container = {"name": "app", "secrets": [{"name": "DSN", "valueFrom": "/other/parameter"}]}
    other = definition(containerDefinitions=[container])
    cloud = Cloud(answers={**whole(), ("ecs", "describe_task_definition"): other})
    assert findings(cloud)["secrets"].reason.endswith("from elsewhere, as the smoke test will show: DSN")


def test_a_definition_without_secrets_needs_none() -> None:
    """Zero keys, each with a value."""
    cloud = Cloud(
        answers={**whole(), ("ecs", "describe_task_definition"): definition(containerDefinitions=[])}
    )
    assert findings(cloud)["secrets"].reason == "0 keys, each with a value"


def test_a_key_that_the_task_definition_does_not_read_yet_is_named() -> None:
    """It was added to the settings, and Terraform has not run since."""
    found = findings(Cloud(answers=whole()), keys=["DJANGO_SECRET", "CLIENT_API_KEY"])["secrets"]
    assert found.status is NG
    assert found.reason.startswith("secret_keys has CLIENT_API_KEY, which the task definition does not read")


def test_the_definition_to_be_used_is_asked_for_its_keys() -> None:
    """Not the live one, which may lack a key that was added since."""
    asked = []

    class Definitions(Cloud):
        def client(self, service: str, config: object = None) -> Any:
            made = super().client(service, config)
            if service == "ecs":
                return Recorded(made)
            return made

    class Recorded:
        def __init__(self, inner: Any) -> None:
            self.describe_services = inner.describe_services

        def describe_task_definition(self, **request: Any) -> Any:
            asked.append(request["taskDefinition"])
            return definition()

    outputs = OUTPUTS.model_copy(update={"task_definition_arn": "template:9"})
    assert findings(Definitions(answers=whole()), outputs)["secrets"].status is OK
    assert set(asked) == {"template:9"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"data_path": "/srv"},
            "path in the `data` table changed since Terraform built: /srv is to be",
        ),
        ({"databases": ()}, "databases in the `data` table changed"),
    ],
)
def test_data_that_terraform_did_not_build_for_is_named(changes: dict[str, Any], said: str) -> None:
    """Backups and mounts would be those of other settings."""
    found = findings(Cloud(answers=whole()), OUTPUTS.model_copy(update=changes))["settings"]
    assert found.status is NG
    assert said in found.reason
