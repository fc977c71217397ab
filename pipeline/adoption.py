"""Things that stand under an environment's names already, for Terraform to take over."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling
from pipeline.environment.model import Environment
from pipeline.errors import PipelineError

_SERVICE = "module.service.aws_ecs_service.this"


@dataclass(frozen=True)
class Existing:
    """Thing that exists, by its key in the variable ``adopt`` of terraform/adoption.tf."""

    key: str
    address: str
    id: str
    """What Terraform imports it by."""
    told: str
    """What is known of it, for people."""


def find_existing(
    access: AwsAccess, environment: Environment, managed: Collection[str]
) -> tuple[Existing, ...]:
    """Return what exists under the environment's names and can be taken over without moving it.

    ``managed`` are the addresses of what Terraform has made or taken over already.

    Raises:
        PipelineError: the service exists; it cannot move into another network while it answers.
        AwsError: something could not be asked.
    """
    names = environment.names
    with calling("Looking for what exists already"):
        if _SERVICE not in managed:
            _refuse_service(access, names.cluster, names.service)
        found = (
            *_repository(access, names.repository),
            *_log_group(access, names.log_group),
            *_cluster(access, names.cluster),
            *_secret(access, environment.secret_name),
            *_record(access, environment.domain),
        )
    return tuple(item for item in found if item.address not in managed)


def restore_deleted_secret(access: AwsAccess, name: str) -> Existing | None:
    """Bring back a secret that was deleted of late: its name is taken until it is gone."""
    secrets = access.client("secretsmanager")
    with calling("Describing the secret"):
        try:
            described = secrets.describe_secret(SecretId=name)
        except secrets.exceptions.ResourceNotFoundException:
            return None
        if described.get("DeletedDate") is None:
            return None
        secrets.restore_secret(SecretId=name)
    return _secret_of(described["ARN"])


def _refuse_service(access: AwsAccess, cluster: str, service: str) -> None:
    ecs = access.client("ecs")
    if not ecs.describe_clusters(clusters=[cluster])["clusters"]:
        return
    found = ecs.describe_services(cluster=cluster, services=[service])["services"]
    if any(item["status"] == "ACTIVE" for item in found):
        raise PipelineError(
            f"The service {service} runs in {cluster}, and would lose its network if it were taken over. "
            "Nothing was changed. Give this environment's service another name ([names] in "
            "environments.toml), and move the users by the domain: see docs/taking-over.md."
        )


def _repository(access: AwsAccess, name: str) -> Iterator[Existing]:
    ecr = access.client("ecr")
    try:
        ecr.describe_repositories(repositoryNames=[name])
    except ecr.exceptions.RepositoryNotFoundException:
        return
    yield Existing("repository", "module.registry.aws_ecr_repository.this", name, "with its images")


def _log_group(access: AwsAccess, name: str) -> Iterator[Existing]:
    found = access.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    if any(group["logGroupName"] == name for group in found):
        yield Existing("log_group", "module.logs.aws_cloudwatch_log_group.this", name, "with its events")


def _cluster(access: AwsAccess, name: str) -> Iterator[Existing]:
    found = access.client("ecs").describe_clusters(clusters=[name])["clusters"]
    if any(cluster["status"] == "ACTIVE" for cluster in found):
        yield Existing("cluster", "module.cluster.aws_ecs_cluster.this", name, "with its services")


def _secret(access: AwsAccess, name: str) -> Iterator[Existing]:
    secrets = access.client("secretsmanager")
    try:
        yield _secret_of(secrets.describe_secret(SecretId=name)["ARN"])
    except secrets.exceptions.ResourceNotFoundException:
        return


def _secret_of(arn: str) -> Existing:
    return Existing("secret", "module.secret.aws_secretsmanager_secret.this", arn, "with its values")


def _record(access: AwsAccess, domain: str | None) -> Iterator[Existing]:
    """Yield the domain's address record in its public zone, the one that has most of its name."""
    if domain is None:
        return
    route53 = access.client("route53")
    zones = [
        zone
        for page in route53.get_paginator("list_hosted_zones").paginate()
        for zone in page["HostedZones"]
        if not zone.get("Config", {}).get("PrivateZone") and f".{domain}.".endswith(f".{zone['Name']}")
    ]
    for zone in sorted(zones, key=lambda item: -len(item["Name"]))[:1]:
        identity = zone["Id"].removeprefix("/hostedzone/")
        records = route53.list_resource_record_sets(
            HostedZoneId=identity, StartRecordName=domain, StartRecordType="A", MaxItems="1"
        )["ResourceRecordSets"]
        for record in records:
            if record["Name"].rstrip(".") == domain and record["Type"] == "A":
                target = record.get("AliasTarget", {}).get("DNSName", "")
                values = [item["Value"] for item in record.get("ResourceRecords", [])]
                told = f"answered by {target or ', '.join(values)}"
                address = "module.certificate[0].aws_route53_record.alias[0]"
                yield Existing("record", address, f"{identity}_{domain}_A", told)
