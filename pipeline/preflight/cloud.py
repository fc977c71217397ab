"""Preconditions of a deployment in AWS."""

import json
from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any
from urllib.parse import unquote

from pipeline.aws.access import identify, require_account
from pipeline.aws.errors import calling
from pipeline.ecs.model import Service
from pipeline.live import LiveEnvironment
from pipeline.preflight.model import Check, CheckFailedError, CheckSkippedError
from pipeline.recovery.record import require_none_open
from pipeline.secrets.store import missing_keys


class PresentService:
    """The service as it was at the first question."""

    def __init__(self, live: LiveEnvironment) -> None:
        self._live = live

    @cached_property
    def service(self) -> Service:
        """The service; raises as ``EcsService.require``."""
        return self._live.service.require()

    @cached_property
    def definition(self) -> Mapping[str, Any]:
        """The task definition that a deployment starts from, as ECS describes it; raises AwsError."""
        template = self._live.outputs.task_definition_arn
        return self._live.task_definitions.read(template or self.service.task_definition)[0]


_ASSUME = frozenset({"sts:assumerole", "sts:*", "*"})


def may_assume(document: str | Mapping[str, Any], service: str) -> bool:
    """Whether a trust policy lets an AWS service assume the role; its conditions are not judged.

    Args:
        document: IAM's AssumeRolePolicyDocument, URL-encoded JSON (RFC 3986) or parsed.
        service: such as ``ecs-tasks.amazonaws.com``.
    """
    policy = json.loads(unquote(document)) if isinstance(document, str) else document
    statements = [item for item in _list(policy.get("Statement")) if _speaks_of(item, service)]
    return bool(statements) and all(item.get("Effect") == "Allow" for item in statements)


def _speaks_of(statement: Any, service: str) -> bool:
    if not isinstance(statement, Mapping):
        return False
    principal = statement.get("Principal")
    services = _list(principal.get("Service")) if isinstance(principal, Mapping) else _list(principal)
    actions = {str(action).lower() for action in _list(statement.get("Action"))}
    return bool(actions & _ASSUME) and (service in services or "*" in services)


def _list(value: Any) -> list[Any]:
    """IAM writes one element without its list (IAM JSON policy grammar)."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def no_restore(live: LiveEnvironment) -> str:
    """Say that no restore in place is half done; raises as ``require_none_open``."""
    require_none_open(live)
    return "no restore in place is open"


def cloud_checks(live: LiveEnvironment, present: PresentService) -> tuple[Check, ...]:
    """Return the checks of one environment, none of which changes anything."""
    ask = _Questions(live, present)
    return (
        Check("identity", ask.identity),
        Check("service", ask.service, needs=("identity",)),
        Check("strategy", ask.strategy, needs=("service",)),
        Check("rollout", ask.rollout, needs=("service",)),
        Check("database", partial(no_restore, live), needs=("identity",)),
        Check("target groups", ask.target_groups, needs=("identity",)),
        Check("log group", ask.log_group, needs=("identity",)),
        Check("repository", ask.repository, needs=("identity",)),
        Check("execution role", partial(ask.role, live.outputs.execution_role_arn), needs=("identity",)),
        Check("task role", partial(ask.role, live.outputs.task_role_arn), needs=("identity",)),
        Check("secrets", ask.secrets, needs=("service",)),
        Check("settings", ask.settings, needs=("identity",)),
        Check("certificate", ask.certificate, needs=("identity",)),
    )


class _Questions:
    def __init__(self, live: LiveEnvironment, present: PresentService) -> None:
        self._access, self._environment, self._outputs = live.access, live.settings, live.outputs
        self._present = present

    def identity(self) -> str:
        identity = identify(self._access)
        require_account(identity, self._environment.account_id, emulated=self._environment.emulated)
        return identity.arn

    def service(self) -> str:
        service = self._present.service
        return f"{service.name} is ACTIVE with {service.desired} wanted tasks"

    def strategy(self) -> str:
        """Any but ROLLING uses a second target group and may pause for hours: the gates would misjudge it."""
        service = self._present.service
        if service.controller != "ECS":
            raise CheckFailedError(
                f"The deployments of {service.name} are {service.controller}'s, not ECS's. "
                "Run deploy-infrastructure, which makes ECS its deployment controller."
            )
        if service.strategy != "ROLLING":
            raise CheckFailedError(
                f"{service.name} deploys by {service.strategy}, and the gates know ROLLING alone. "
                "Set the service's deployment strategy to ROLLING."
            )
        return "ECS replaces the tasks (ROLLING)"

    def rollout(self) -> str:
        """A rollout under way is no fault here: ``start_rollout`` decides whether it is this pipeline's."""
        primary = self._present.service.primary
        if primary is not None and primary.rollout_state == "IN_PROGRESS" and primary.desired:
            raise CheckSkippedError(f"deployment {primary.id} is under way; the rollout step decides")
        return "no rollout is under way"

    def target_groups(self) -> str:
        with calling("Describing the target groups"):
            answer = self._access.client("elbv2").describe_target_groups(
                TargetGroupArns=list(self._outputs.target_group_arns)
            )
        paths = {group.get("HealthCheckPath", "") for group in answer["TargetGroups"]}
        if paths != {self._environment.health_path}:
            raise CheckFailedError(
                f"The target groups check {', '.join(sorted(paths))} instead of "
                f"{self._environment.health_path}. Run deploy-infrastructure."
            )
        codes = {group.get("Matcher", {}).get("HttpCode", "") for group in answer["TargetGroups"]}
        if codes != {self._environment.health_codes}:
            raise CheckFailedError(
                f"The target groups accept {', '.join(sorted(codes))} instead of "
                f"{self._environment.health_codes}. Run deploy-infrastructure."
            )
        return f"{len(answer['TargetGroups'])} with health path {self._environment.health_path}"

    def log_group(self) -> str:
        name = self._outputs.log_group
        with calling(f"Describing log group {name}"):
            answer = self._access.client("logs").describe_log_groups(logGroupNamePrefix=name)
        group = next((item for item in answer["logGroups"] if item["logGroupName"] == name), None)
        if group is None:
            raise CheckFailedError(f"Log group {name} does not exist. Run deploy-infrastructure.")
        return f"{name}, {group.get('retentionInDays', 'unlimited')} days"

    def repository(self) -> str:
        name = self._outputs.repository_name
        with calling(f"Describing ECR repository {name}"):
            self._access.client("ecr").describe_repositories(repositoryNames=[name])
        return name

    def role(self, arn: str) -> str:
        name = arn.rsplit("/", 1)[-1]
        with calling(f"Reading role {name}"):
            role = self._access.client("iam").get_role(RoleName=name)["Role"]
        if not may_assume(role["AssumeRolePolicyDocument"], "ecs-tasks.amazonaws.com"):
            raise CheckFailedError(f"ECS may not assume role {name}. Run deploy-infrastructure.")
        return f"{name} can be assumed by ECS"

    def secrets(self) -> str:
        report = missing_keys(self._access, self._outputs.secret_arn, self._present.definition)
        unread = sorted(set(self._environment.all_secret_keys) - set(report.used))
        if unread:
            raise CheckFailedError(
                f"secret_keys has {', '.join(unread)}, which the task definition does not read yet. "
                "Run deploy-infrastructure, then sync-secrets."
            )
        if not report.complete:
            raise CheckFailedError(
                f"Without a value in {self._environment.secret_name}: {', '.join(report.missing)}. "
                "Fill in the app-secrets block and run sync-secrets."
            )
        detail = f"{len(report.used)} keys, each with a value"
        if report.elsewhere:
            detail += f"; from elsewhere, as the smoke test will show: {', '.join(report.elsewhere)}"
        return detail

    def settings(self) -> str:
        """Whether Terraform built for the data that the settings describe."""
        data, outputs = self._environment.data, self._outputs
        wanted = {"path": data.path, "databases": tuple(data.databases)}
        built = {"path": outputs.data_path, "databases": outputs.databases}
        differing = [key for key in wanted if wanted[key] != built[key]]
        if differing:
            raise CheckFailedError(
                f"{' and '.join(differing)} in the `data` table changed since Terraform built: "
                f"{', '.join(f'{built[key]} is to be {wanted[key]}' for key in differing)}. "
                "Run deploy-infrastructure."
            )
        return f"data at {data.path}, databases: {', '.join(data.databases) or 'none'}"

    def certificate(self) -> str:
        arn = self._outputs.certificate_arn
        if arn is None:
            raise CheckSkippedError("this environment has no certificate")
        with calling("Describing the certificate"):
            found = self._access.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
        if found.get("Status") != "ISSUED":
            raise CheckFailedError(f"The certificate is {found.get('Status')}. Run check-certificate.")
        return f"issued for {found.get('DomainName')}"
