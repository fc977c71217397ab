"""The environment as Terraform has built it in the region, without a release yet."""

from typing import Any

from region_balancing import GROUP
from region_ecs import CLUSTER, SERVICE, RegionEcs
from support.secret_keys import SECRET_KEYS

from pipeline.aws.access import AwsAccess
from pipeline.outputs import Outputs

REGION, ACCOUNT = "af-south-1", "123456789012"
REPOSITORY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/pay"
DATABASE = "/data/db.sqlite3"
LOGS = "/ecs/pay"
ROLLBACK_ALARMS = ("pay-5xx", "pay-latency")
OTHER_ALARMS = ("pay-backup-age", "pay-certificate")
ACCESS = AwsAccess(REGION, None, "AKIAREGION", "region")
"""One for all regions of a process: making clients is slow."""


def outputs(settings: dict[str, Any], definition: str) -> Outputs:
    """Return what Terraform hands over, with other values where given."""
    values: dict[str, Any] = {
        "app": "vimbiso-pay",
        "environment": "staging",
        "region": REGION,
        "account_id": ACCOUNT,
        "cluster": CLUSTER,
        "service": SERVICE,
        "task_family": "app",
        "task_definition_arn": definition,
        "desired_count": 2,
        "auto_scaling": True,
        "minimum_tasks": 2,
        "container": "app",
        "container_port": 8000,
        "repository_name": "pay",
        "repository_url": REPOSITORY,
        "target_group_arns": (GROUP,),
        "load_balancer_arn": f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/pay/1",
        "load_balancer_dns": "pay.elb.amazonaws.com",
        "url": "https://pay.example",
        "log_group": LOGS,
        "secret_arn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:pay/app-AbCdEf",
        "backup_bucket": "backups",
        "log_archive_bucket": "archive",
        "data_path": "/data",
        "databases": (DATABASE,),
        "subnet_ids": ("subnet-1",),
        "security_group_ids": ("sg-1",),
        "execution_role_arn": f"arn:aws:iam::{ACCOUNT}:role/execution",
        "task_role_arn": f"arn:aws:iam::{ACCOUNT}:role/tasks",
        "metrics_namespace": "pay/staging",
        "alarm_names": (*ROLLBACK_ALARMS, *OTHER_ALARMS),
        "release_alarm_names": ROLLBACK_ALARMS,
    }
    return Outputs(**(values | settings))


def placeholder(ecs: RegionEcs) -> str:
    """Register Terraform's own revision, whose image does not exist; return its ARN."""
    secrets = [{"name": key, "valueFrom": f"arn:secret:{key}::"} for key in SECRET_KEYS]
    options = {"awslogs-group": LOGS, "awslogs-region": REGION, "awslogs-stream-prefix": "ecs"}
    made = ecs.register_task_definition(
        family="app",
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        containerDefinitions=[
            {
                "name": "app",
                "image": f"{REPOSITORY}:not-deployed-yet",
                "secrets": secrets,
                "logConfiguration": {"logDriver": "awslogs", "options": options},
            }
        ],
        tags=[],
    )
    return str(made["taskDefinition"]["taskDefinitionArn"])
