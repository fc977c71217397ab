"""Points out changes that change the bill (pure). A pointer to look at prices, not an estimate."""

from pipeline.terraform.document import Action, ResourceChange

_EXISTENCE = {
    "aws_nat_gateway": "a NAT gateway is billed by the hour and by the GB",
    "aws_lb": "a load balancer is billed by the hour and by capacity unit",
    "aws_eip": "a public address is billed by the hour",
    "aws_vpc_endpoint": "an interface endpoint is billed by the hour per zone",
    "aws_efs_file_system": "a file system is billed by stored GB and throughput",
    "aws_wafv2_web_acl": "a web ACL is billed by month, rule and request",
    "aws_route53_zone": "a hosted zone is billed by the month",
    "aws_kms_key": "a key is billed by the month",
    "aws_secretsmanager_secret": "a secret is billed by the month",
    "aws_ecs_service": "its tasks are billed by vCPU and GB per second",
    "aws_flow_log": "flow logs are billed by the GB",
    "aws_cloudtrail": "trails beyond the first are billed by event",
    "aws_cloudwatch_dashboard": "dashboards beyond the third are billed by the month",
}
_ATTRIBUTES = {
    "aws_ecs_service": {"desired_count": "number of tasks", "launch_type": "launch type"},
    "aws_ecs_task_definition": {"cpu": "vCPU of every task", "memory": "memory of every task"},
    "aws_appautoscaling_target": {"min_capacity": "least tasks", "max_capacity": "most tasks"},
    "aws_cloudwatch_log_group": {"retention_in_days": "time that logs are kept"},
    "aws_efs_file_system": {
        "throughput_mode": "throughput mode",
        "provisioned_throughput_in_mibps": "throughput",
    },
    "aws_dynamodb_table": {
        "billing_mode": "billing mode",
        "read_capacity": "capacity",
        "write_capacity": "capacity",
    },
}


def cost_pointer(change: ResourceChange) -> str:
    """Say how the change touches the bill, or "" when it hardly does."""
    if not change.managed:
        return ""
    if change.action in {Action.CREATE, Action.DELETE} and change.type in _EXISTENCE:
        verb = "adds" if change.action is Action.CREATE else "saves"
        return f"{verb}: {_EXISTENCE[change.type]}"
    if change.action not in {Action.UPDATE, Action.REPLACE}:
        return ""
    watched = _ATTRIBUTES.get(change.type, {})
    notes = [
        f"{watched[attribute.path]}: {attribute.before} to {attribute.after}"
        for attribute in change.attributes
        if attribute.path in watched
    ]
    return "; ".join(notes)
