"""Reads who has the names that Terraform wants to give, and who serves the domain."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling, code_of
from pipeline.certificate.check import lookup_records
from pipeline.doctor.judge_names import Wanted, covering
from pipeline.doctor.model import Taken

_ABSENT = frozenset(
    {
        "404",
        "ClusterNotFoundException",
        "LoadBalancerNotFound",
        "NoSuchBucket",
        "NoSuchEntity",
        "ParameterNotFound",
        "RepositoryNotFoundException",
        "ResourceNotFoundException",
        "TargetGroupNotFound",
    }
)
_FOREIGN = frozenset({"301", "403"})
"""HeadBucket's bare status for a bucket of another account, also in another region."""


def read_name(access: AwsAccess, wanted: Wanted) -> Taken | None:
    """Return what has the name; None where it is free.

    Raises:
        AwsError: AWS does not tell.
    """
    with calling(f"Looking for {wanted.kind} {wanted.name}"):
        try:
            return _READERS[wanted.kind](access, wanted.name)
        except ClientError as error:
            if code_of(error) in _ABSENT:
                return None
            raise


def _tags(items: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Read a list of tags; ECS alone spells their keys in lower case."""
    return {
        str(item.get("Key", item.get("key"))): str(item.get("Value", item.get("value"))) for item in items
    }


def _repository(access: AwsAccess, name: str) -> Taken:
    ecr = access.client("ecr")
    found = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
    return Taken(name, _tags(ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]))


def _log_group(access: AwsAccess, name: str) -> Taken | None:
    logs = access.client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    arn = next((item["arn"] for item in groups if item["logGroupName"] == name), None)
    if arn is None:
        return None
    return Taken(name, logs.list_tags_for_resource(resourceArn=arn.removesuffix(":*"))["tags"])


def _cluster(access: AwsAccess, name: str) -> Taken | None:
    found = access.client("ecs").describe_clusters(clusters=[name], include=["TAGS"])["clusters"]
    return _active(name, found)


def _service(access: AwsAccess, name: str) -> Taken | None:
    cluster, service = name.split("/")
    ecs = access.client("ecs")
    return _active(
        name, ecs.describe_services(cluster=cluster, services=[service], include=["TAGS"])["services"]
    )


def _active(name: str, found: Sequence[Mapping[str, Any]]) -> Taken | None:
    """Return what is there; ECS goes on naming clusters and services that were deleted."""
    living = [item for item in found if item["status"] != "INACTIVE"]
    return Taken(name, _tags(living[0].get("tags", []))) if living else None


def _bucket(access: AwsAccess, name: str) -> Taken:
    s3 = access.client("s3")
    try:
        s3.head_bucket(Bucket=name)
        tags = _tags(s3.get_bucket_tagging(Bucket=name)["TagSet"])
    except ClientError as error:
        if code_of(error) in _FOREIGN:
            return Taken()
        if code_of(error) != "NoSuchTagSet":
            raise
        tags = {}
    return Taken(name, tags)


def _secret(access: AwsAccess, name: str) -> Taken:
    found = access.client("secretsmanager").describe_secret(SecretId=name)
    return Taken(found["ARN"], _tags(found.get("Tags", [])), dying="DeletedDate" in found)


def _load_balancer(access: AwsAccess, name: str) -> Taken | None:
    found = access.client("elbv2").describe_load_balancers(Names=[name])["LoadBalancers"]
    return _balanced(access, [item["LoadBalancerArn"] for item in found])


def _target_group(access: AwsAccess, name: str) -> Taken | None:
    found = access.client("elbv2").describe_target_groups(Names=[name])["TargetGroups"]
    return _balanced(access, [item["TargetGroupArn"] for item in found])


def _balanced(access: AwsAccess, arns: Sequence[str]) -> Taken | None:
    if not arns:
        return None
    told = access.client("elbv2").describe_tags(ResourceArns=arns)["TagDescriptions"]
    return Taken(arns[0], _tags(told[0]["Tags"]) if told else {})


def _parameter(access: AwsAccess, name: str) -> Taken:
    ssm = access.client("ssm")
    ssm.get_parameter(Name=name)
    return Taken(
        name, _tags(ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"])
    )


def _role(access: AwsAccess, name: str) -> Taken:
    return Taken(name, _tags(access.client("iam").get_role(RoleName=name)["Role"].get("Tags", [])))


_READERS: dict[str, Callable[[AwsAccess, str], Taken | None]] = {
    "repository": _repository,
    "log group": _log_group,
    "cluster": _cluster,
    "service": _service,
    "bucket": _bucket,
    "secret": _secret,
    "load balancer": _load_balancer,
    "target group": _target_group,
    "parameter": _parameter,
    "role": _role,
}


def read_zones(access: AwsAccess) -> dict[str, str]:
    """Return the names of the account's public hosted zones, without the dot at the end, by id."""
    with calling("Listing the hosted zones"):
        pages = access.client("route53").get_paginator("list_hosted_zones").paginate()
        found = [item for page in pages for item in page["HostedZones"]]
    public = [item for item in found if not item.get("Config", {}).get("PrivateZone")]
    return {item["Id"].rpartition("/")[2]: item["Name"].rstrip(".") for item in public}


def read_delegation(
    access: AwsAccess, domain: str | None, given: str | None
) -> tuple[str, frozenset[str], frozenset[str] | None]:
    """Return the zone that counts, its name servers, and those that DNS names; "" without a zone."""
    zones = read_zones(access) if domain else {}
    zone = next((item for item in covering(domain or "", zones) if given in (None, item, zones[item])), None)
    if zone is None:
        return "", frozenset(), None
    with calling(f"Reading hosted zone {zone}"):
        own = access.client("route53").get_hosted_zone(Id=zone)["DelegationSet"]["NameServers"]
    told = lookup_records(zones[zone], "NS")
    return zones[zone], _servers(own), None if told is None else _servers(told)


def _servers(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.rstrip(".").lower() for name in names)
