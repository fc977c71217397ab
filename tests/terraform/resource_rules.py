"""Rules that AWS documents for a whole resource, or for several together."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from planned_members import Resource
from support.aws_documents import policy_size
from support.aws_requests import (
    Violation,
    capacity,
    deployment_percents,
    fargate_size,
    parameter_size,
)

Values = dict[str, Any]
OF_ONE: dict[str, list[Callable[[Values], Iterator[str]]]] = defaultdict(list)
OF_ALL: list[Callable[[list[Resource]], Iterator[Violation]]] = []


def of(*kinds: str) -> Callable[[Callable[[Values], Iterator[str]]], Callable[[Values], Iterator[str]]]:
    """Register a rule about the values of a resource of one of these types."""

    def register(rule: Callable[[Values], Iterator[str]]) -> Callable[[Values], Iterator[str]]:
        for kind in kinds:
            OF_ONE[kind].append(rule)
        return rule

    return register


def broken(found: list[Resource]) -> Iterator[Violation]:
    """Yield what AWS would refuse, or not do as it is meant."""
    for resource in found:
        for rule in OF_ONE[resource.kind]:
            for problem in rule(resource.values):
                yield Violation(resource.address, rule.__name__, problem)
    for whole in OF_ALL:
        yield from whole(found)


@of("aws_ecs_task_definition")
def task_size(values: Values) -> Iterator[str]:
    """Sizes. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html."""
    if "FARGATE" in (values["requires_compatibilities"] or []):
        yield from fargate_size(int(values["cpu"]), int(values["memory"]))


@of("aws_ecs_service")
def rollout(values: Values) -> Iterator[str]:
    """Zones. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html."""
    least, most = values["deployment_minimum_healthy_percent"], values["deployment_maximum_percent"]
    yield from deployment_percents(least, most, values["availability_zone_rebalancing"])


@of("aws_ecs_service")
def grace_period(values: Values) -> Iterator[str]:
    """Balanced. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html."""
    if values["health_check_grace_period_seconds"] and not values["load_balancer"]:
        yield "has a grace period, but no load balancer"


@of("aws_ssm_parameter")
def parameter(values: Values) -> Iterator[str]:
    """4 KB. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html."""
    return parameter_size(values["value"] or "", values.get("tier"))


@of("aws_appautoscaling_target")
def scaling_bounds(values: Values) -> Iterator[str]:
    """Order. https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html."""
    return capacity(values["min_capacity"], values["max_capacity"])


@of("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")
def port_range(values: Values) -> Iterator[str]:
    """Order. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html."""
    first, last = values["from_port"], values["to_port"]
    if values["ip_protocol"] == "-1" and (first is not None or last is not None):
        yield "has ports with all protocols"
    if values["ip_protocol"] in {"tcp", "udp"} and (first is None or last is None or first > last):
        yield f"has the ports {first} to {last}"


@of("aws_s3_bucket_lifecycle_configuration")
def transitions(values: Values) -> Iterator[str]:
    """Days. https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html."""
    for rule in values["rule"]:
        days = {item["storage_class"]: item["days"] for item in rule["transition"]}
        rare = days.get("STANDARD_IA", days.get("ONEZONE_IA"))
        if rare is not None and rare < 30:
            yield f"moves to infrequent access after {rare} days, fewer than 30"
        colder = [days[name] for name in ("GLACIER_IR", "GLACIER", "DEEP_ARCHIVE") if name in days]
        if rare is not None and colder and min(colder) < rare + 30:
            yield "leaves infrequent access before 30 days"
        ends = [item["days"] for item in rule["expiration"] or [] if item["days"]]
        if ends and days and min(ends) <= max(days.values()):
            yield "expires before it moves"


@of("aws_cloudwatch_metric_alarm")
def alarm_window(values: Values) -> Iterator[str]:
    """Sum. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html."""
    seconds = values["period"] * values["evaluation_periods"]
    if seconds > (604_800 if values["period"] >= 3600 else 86_400):
        yield f"looks back {seconds} seconds"
    if (values["datapoints_to_alarm"] or 1) > values["evaluation_periods"]:
        yield "wants more datapoints than it evaluates"
    if bool(values["statistic"]) == bool(values["extended_statistic"]):
        yield "needs one statistic"


@of("aws_lb_target_group")
def health_check(values: Values) -> Iterator[str]:
    """Times. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html."""
    for check in values["health_check"]:
        if check["timeout"] >= check["interval"]:
            yield f"waits {check['timeout']} s, as long as from check to check ({check['interval']} s)"


@of("aws_lb_target_group")
def draining(values: Values) -> Iterator[str]:
    """Times. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html."""
    if not 0 <= int(values["deregistration_delay"]) <= 3600:
        yield f"drains for {values['deregistration_delay']} s, not 0 to 3600"
    if values["slow_start"] and not 30 <= values["slow_start"] <= 900:
        yield f"starts slowly for {values['slow_start']} s, not 30 to 900"


@of("aws_lb")
def balancer_times(values: Values) -> Iterator[str]:
    """Times. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html."""
    if not 1 <= values["idle_timeout"] <= 4000:
        yield f"keeps idle connections {values['idle_timeout']} s, not 1 to 4000"
    if not 60 <= values["client_keep_alive"] <= 604_800:
        yield f"keeps clients {values['client_keep_alive']} s, not 60 to 604800"


@of("aws_sqs_queue")
def queue_attributes(values: Values) -> Iterator[str]:
    """Ranges. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html."""
    ranges = {
        "delay_seconds": (0, 900),
        "kms_data_key_reuse_period_seconds": (60, 86_400),
        "max_message_size": (1024, 1_048_576),
        "message_retention_seconds": (60, 1_209_600),
        "receive_wait_time_seconds": (0, 20),
        "visibility_timeout_seconds": (0, 43_200),
    }
    for name, (least, most) in ranges.items():
        if not least <= (values[name] if values[name] is not None else least) <= most:
            yield f"has {name} {values[name]}, not {least} to {most}"


@of("aws_db_instance")
def database(values: Values) -> Iterator[str]:
    """Storage and monitoring. https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html."""
    if (
        values["max_allocated_storage"]
        and values["max_allocated_storage"] < values["allocated_storage"] * 1.1
    ):
        yield "may grow by less than 10 %"
    if values["storage_type"] == "gp3" and values["allocated_storage"] < 20:
        yield "has less than 20 GiB"
    if bool(values["monitoring_interval"]) != bool(values["monitoring_role_arn"]):
        yield "needs a role exactly where it is monitored"


@of("aws_elasticache_replication_group")
def failover(values: Values) -> Iterator[str]:
    """Nodes. https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html."""
    if values["automatic_failover_enabled"] and values["num_cache_clusters"] < 2:
        yield "fails over to nothing"
    if values["multi_az_enabled"] and not values["automatic_failover_enabled"]:
        yield "is in several zones without failover"


@of("aws_wafv2_web_acl_logging_configuration")
def waf_log_destination(values: Values) -> Iterator[str]:
    """Prefix. https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html."""
    for arn in values["log_destination_configs"]:
        if not arn.rpartition(":")[2].rpartition("/")[2].startswith("aws-waf-logs-"):
            yield f"logs to {arn}, whose name must begin with aws-waf-logs-"


def _whole(
    rule: Callable[[list[Resource]], Iterator[Violation]],
) -> Callable[[list[Resource]], Iterator[Violation]]:
    OF_ALL.append(rule)
    return rule


@_whole
def inline_policies(found: list[Resource]) -> Iterator[Violation]:
    """10,240 a role. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html."""
    sizes: dict[tuple[str, str], int] = defaultdict(int)
    for resource in found:
        if resource.kind == "aws_iam_role_policy":
            sizes[resource.root, resource.values["role"]] += policy_size(resource.values["policy"])
    for (root, role), size in sizes.items():
        if size > 10_240:
            yield Violation(
                f"module.{root} {role}", "inline_policies", f"have {size} characters, more than 10240"
            )


@_whole
def tasks_of_the_placeholder(found: list[Resource]) -> Iterator[Violation]:
    """Capacity below the minimum is raised at once.

    Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html.
    """
    desired = {
        (item.root, item.values["name"]): item.values["desired_count"]
        for item in found
        if item.kind == "aws_ecs_service"
    }
    for item in found:
        if item.kind == "aws_appautoscaling_target":
            wanted = desired.get((item.root, item.values["resource_id"].rpartition("/")[2]))
            if wanted is not None and wanted < item.values["min_capacity"]:
                least = item.values["min_capacity"]
                yield Violation(
                    item.address, "tasks_of_the_placeholder", f"starts {least} tasks instead of {wanted}"
                )
