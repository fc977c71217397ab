"""Reads what an account allows, and what it has already."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError, calling, code_of
from pipeline.doctor.judge_quotas import Quota
from pipeline.ecs.service import list_tasks
from pipeline.live import LiveEnvironment
from pipeline.state.backend import read_addresses

_HOME = "us-east-1"
"""A region that is always on: one that is off answers nobody, not even about itself."""
_UNITS = 1024


def read_region(access: AwsAccess) -> str:
    """Return whether the account has switched its region on, in EC2's word; "" for an unknown region."""
    ec2 = replace(access, region=_HOME).client("ec2")
    with calling(f"Asking for region {access.region}"):
        found = ec2.describe_regions(RegionNames=[access.region], AllRegions=True)["Regions"]
    return found[0].get("OptInStatus", "") if found else ""


def read_held(live: LiveEnvironment) -> frozenset[str]:
    """Return the addresses in the state; none before there is one."""
    try:
        return frozenset(read_addresses(live.state))
    except AwsError as error:
        if error.code != "NoSuchBucket":
            raise
        return frozenset()


def read_room(live: LiveEnvironment, quota: Quota) -> tuple[float, float]:
    """Return the limit of a quota, and what others than this environment use of it."""
    with calling(f"Reading quota {quota.code}"):
        return _limit(live.access, quota), _USED[quota.code](live)


def _limit(access: AwsAccess, quota: Quota) -> float:
    """Return the account's own limit; AWS's where it never asked for another."""
    client = access.client("service-quotas")
    what = {"ServiceCode": quota.service, "QuotaCode": quota.code}
    try:
        return float(client.get_service_quota(**what)["Quota"]["Value"])
    except ClientError as error:
        if code_of(error) != "NoSuchResourceException":
            raise
        return float(client.get_aws_default_service_quota(**what)["Quota"]["Value"])


def _used_cpus(live: LiveEnvironment) -> float:
    ecs = live.access.client("ecs")
    clusters = [arn for page in ecs.get_paginator("list_clusters").paginate() for arn in page["clusterArns"]]
    others = [arn for arn in clusters if arn.rpartition("/")[2] != live.settings.names.cluster]
    tasks = (task for cluster in others for task in list_tasks(ecs, cluster=cluster))
    return sum(int(task.get("cpu", 0)) / _UNITS for task in tasks if _on_fargate(task))


def _on_fargate(task: Mapping[str, Any]) -> bool:
    """Tasks of FARGATE_SPOT have a quota of their own, and the same launch type."""
    return (task.get("capacityProviderName") or task.get("launchType")) == "FARGATE"


def _used_gateways(live: LiveEnvironment) -> float:
    """Count in the fullest zone: Terraform takes the first zones, whatever they hold."""
    ec2 = live.access.client("ec2")
    states = [{"Name": "state", "Values": ["pending", "available"]}]
    found = ec2.describe_nat_gateways(Filters=states)["NatGateways"]  # type: ignore[arg-type]
    zones = {item["SubnetId"]: item["AvailabilityZone"] for item in ec2.describe_subnets()["Subnets"]}
    per_zone = Counter(zones.get(item["SubnetId"]) for item in found if not _own(live, item))
    return max(per_zone.values(), default=0)


def _own(live: LiveEnvironment, item: Mapping[str, Any]) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}
    settings = live.settings
    return (tags.get("Application"), tags.get("Environment")) == (settings.app, settings.stage)


def _of_others(live: LiveEnvironment, found: Iterable[Mapping[str, Any]]) -> int:
    return sum(not _own(live, item) for item in found)


_USED: dict[str, Callable[[LiveEnvironment], float]] = {
    "L-3032A538": _used_cpus,
    "L-0263D0A3": lambda it: _of_others(it, it.access.client("ec2").describe_addresses()["Addresses"]),
    "L-F678F1CE": lambda it: _of_others(it, it.access.client("ec2").describe_vpcs()["Vpcs"]),
    "L-FE5A380F": _used_gateways,
    "L-0EA8095F": lambda _: 0,
}


def read_service_role(access: AwsAccess, name: str) -> bool:
    """Return whether a service-linked role is there."""
    iam = access.client("iam")
    with calling(f"Reading role {name}"):
        try:
            iam.get_role(RoleName=name)
        except iam.exceptions.NoSuchEntityException:
            return False
    return True


def read_trails(access: AwsAccess) -> dict[str, bool]:
    """Return whether each trail logs that records this region, also one of the organisation."""
    client = access.client("cloudtrail")
    with calling("Describing the trails"):
        return {
            item["Name"]: client.get_trail_status(Name=item["TrailARN"])["IsLogging"]
            for item in client.describe_trails(includeShadowTrails=True)["trailList"]
            if item.get("IsMultiRegionTrail") or item.get("HomeRegion") == access.region
        }


def read_scanning(access: AwsAccess) -> tuple[str, tuple[str, ...]]:
    """Return the registry's kind of scanning, and the filters of its rules."""
    with calling("Reading how the registry scans"):
        found = access.client("ecr").get_registry_scanning_configuration()["scanningConfiguration"]
    rules = found.get("rules", [])
    filters = tuple(item["filter"] for rule in rules for item in rule["repositoryFilters"])
    return found.get("scanType", "BASIC"), filters


def read_windows(access: AwsAccess, name: str) -> tuple[timedelta, ...]:
    """Return how far back each alarm looks that takes a rollout back."""
    alarms = [f"{name}-latency", f"{name}-target-5xx"]
    with calling("Describing the alarms"):
        found = access.client("cloudwatch").describe_alarms(AlarmNames=alarms)["MetricAlarms"]
    return tuple(timedelta(seconds=item["Period"] * item["EvaluationPeriods"]) for item in found)


def read_subscribers(access: AwsAccess, topic: str) -> tuple[bool, ...] | None:
    """Return of each subscriber whether it confirmed; None where there is no topic."""
    sns = access.client("sns")
    with calling(f"Listing the subscribers of {topic}"):
        try:
            pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
            found = [item["SubscriptionArn"] for page in pages for item in page["Subscriptions"]]
        except sns.exceptions.NotFoundException:
            return None
    return tuple(arn.startswith("arn:") for arn in found)


def read_redis(access: AwsAccess, wanted: Mapping[str, Any] | None) -> tuple[bool, tuple[str, ...]]:
    """Return whether the region sells the node type, and the engine's versions there."""
    if wanted is None:
        return False, ()
    client, node = access.client("elasticache"), wanted["node_type"]
    with calling(f"Asking whether {node} is offered"):
        offers = client.describe_reserved_cache_nodes_offerings(CacheNodeType=node)
        versions = client.describe_cache_engine_versions(Engine="redis")["CacheEngineVersions"]
    return bool(offers["ReservedCacheNodesOfferings"]), tuple(item["EngineVersion"] for item in versions)
