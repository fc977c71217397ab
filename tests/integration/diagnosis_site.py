"""Everything around a service, in an emulator of AWS: what a diagnosis looks at."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from ecs_emulator import CLUSTER, Lab
from support.secret_keys import SECRET_KEYS
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from pipeline.clock import utc_now
from pipeline.diagnosis.diagnosis import Diagnosis, diagnose
from pipeline.diagnosis.facts import Subject
from pipeline.diagnosis.reading import read_facts
from pipeline.environment.model import Environment
from pipeline.live import LiveEnvironment
from pipeline.outputs import Outputs

PORT = 8000


@dataclass(frozen=True)
class Site:
    """A load balancer, security groups, a secret and buckets, in front of one service at a time."""

    lab: Lab
    outputs: Outputs
    balancer_group: str
    tasks_group: str
    """Group of the tasks, of the endpoints and of the file system."""
    file_system: str

    def client(self, service: str) -> Any:
        """Return a client of the emulator."""
        return self.lab.access.client(service)

    def serve(self, script: str, image: str | None = None) -> "Site":
        """Start a service of its own on a new revision; return the site as that service's."""
        name = f"web{len(self.client('ecs').list_services(cluster=CLUSTER)['serviceArns'])}"
        revision = self.client("ecs").register_task_definition(
            family=name,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            volumes=[{"name": "data", "efsVolumeConfiguration": {"fileSystemId": self.file_system}}],
            containerDefinitions=[self._container(script, image or self.lab.image)],
        )
        self.client("ecs").create_service(
            cluster=CLUSTER,
            serviceName=name,
            taskDefinition=revision["taskDefinition"]["taskDefinitionArn"],
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": list(self.outputs.subnet_ids),
                    "securityGroups": [self.tasks_group],
                }
            },
            loadBalancers=[
                {
                    "targetGroupArn": self.outputs.target_group_arns[0],
                    "containerName": "app",
                    "containerPort": PORT,
                }
            ],
        )
        return replace(self, outputs=self.outputs.model_copy(update={"service": name, "task_family": name}))

    def _container(self, script: str, image: str) -> dict[str, Any]:
        arn = self.outputs.secret_arn
        return {
            "name": "app",
            "image": image,
            "essential": True,
            "command": ["/busybox", "sh", "-c", script],
            "portMappings": [{"containerPort": PORT, "hostPort": PORT}],
            "secrets": [{"name": key, "valueFrom": f"{arn}:{key}::"} for key in SECRET_KEYS],
            "healthCheck": {
                "command": ["CMD", "/busybox", "wget", "-qO-", f"http://localhost:{PORT}/health/"]
            },
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": self.outputs.log_group,
                    "awslogs-region": self.outputs.region,
                    "awslogs-stream-prefix": "ecs",
                },
            },
        }

    def diagnosis(self) -> Diagnosis:
        """Diagnose now."""
        endpoint = str(self.lab.access.endpoint_url)
        environment = Environment.model_validate(
            {
                "name": "local",
                "app": "pay",
                "region": self.outputs.region,
                "branch": "main",
                "source": {"repository": "."},
                "health_path": "/health/",
                "container_port": PORT,
                "approval": "never",
                "names": {"cluster": CLUSTER, "service": "s", "repository": "tiny", "log_group": "/l"},
                "probe_url": endpoint,
            }
        )
        now = utc_now()
        subject = Subject(environment, self.outputs, now, now - timedelta(hours=1), patience=1.0)
        return diagnose(read_facts(LiveEnvironment(environment, self.lab.access, self.outputs), subject))

    def settled(self, requested: Callable[[Diagnosis], bool]) -> Diagnosis:
        """Diagnose until what is broken shows; return the last diagnosis in any case."""
        attempts = Retrying(
            retry=retry_if_result(lambda found: not requested(found)),
            wait=wait_fixed(0.5),
            stop=stop_after_delay(240),
        )
        try:
            return attempts(self.diagnosis)
        except RetryError as error:
            return error.last_attempt.result()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def site(lab: Lab) -> Site:
    """Everything around a service, as Terraform would have built it."""
    ec2 = lab.access.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    system = lab.access.client("efs").create_file_system(CreationToken="data")["FileSystemId"]
    balancer_group, tasks_group = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("balancer", "tasks")
    )
    open_port(ec2, balancer_group, 80, IpRanges=[{"CidrIp": "0.0.0.0/0"}])
    for port in (443, 2049):
        open_port(ec2, tasks_group, port, UserIdGroupPairs=[{"GroupId": tasks_group}])
    lab.access.client("efs").create_mount_target(
        FileSystemId=system, SubnetId=subnet, SecurityGroups=[tasks_group]
    )
    _endpoints(lab, vpc, subnet, tasks_group)
    open_port(ec2, tasks_group, PORT, UserIdGroupPairs=[{"GroupId": balancer_group}])
    balancer, group = _balanced(lab, vpc, subnet, balancer_group)
    lab.access.client("logs").create_log_group(logGroupName="/ecs/pay")
    lab.access.client("s3").create_bucket(
        Bucket="backups", CreateBucketConfiguration={"LocationConstraint": lab.access.region}
    )
    values = json.dumps(dict.fromkeys(SECRET_KEYS, "made up"))
    secret = lab.access.client("secretsmanager").create_secret(Name="pay/local/app", SecretString=values)
    outputs = _outputs(lab, balancer, group, subnet, secret["ARN"])
    return Site(lab, outputs, balancer_group, tasks_group, system)


def _endpoints(lab: Lab, vpc: str, subnet: str, tasks_group: str) -> None:
    for name in ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "s3"):
        lab.access.client("ec2").create_vpc_endpoint(
            VpcId=vpc,
            ServiceName=f"com.amazonaws.{lab.access.region}.{name}",
            **({} if name == "s3" else _inside(subnet, tasks_group)),
        )


def _balanced(lab: Lab, vpc: str, subnet: str, balancer_group: str) -> tuple[dict[str, Any], str]:
    """Make the load balancer; return it and the ARN of its target group."""
    elbv2 = lab.access.client("elbv2")
    balancer = elbv2.create_load_balancer(Name="lb", Subnets=[subnet], SecurityGroups=[balancer_group])
    balancer = balancer["LoadBalancers"][0]
    group = elbv2.create_target_group(
        Name="tg",
        Protocol="HTTP",
        Port=PORT,
        VpcId=vpc,
        TargetType="ip",
        HealthCheckPath="/health/",
        Matcher={"HttpCode": "200-299"},
        HealthCheckIntervalSeconds=5,
        HealthCheckTimeoutSeconds=2,
        HealthyThresholdCount=2,
    )["TargetGroups"][0]["TargetGroupArn"]
    elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    return balancer, group


def _inside(subnet: str, group: str) -> dict[str, Any]:
    return {"VpcEndpointType": "Interface", "SubnetIds": [subnet], "SecurityGroupIds": [group]}


def open_port(ec2: Any, group: str, port: int, **source: Any) -> None:
    """Let traffic from a source in."""
    permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **source}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])


def _outputs(lab: Lab, balancer: dict[str, Any], group: str, subnet: str, secret: str) -> Outputs:
    return Outputs(
        app="pay",
        environment="local",
        region=lab.access.region,
        account_id="000000000000",
        cluster=CLUSTER,
        service="",
        task_family="",
        container="app",
        container_port=PORT,
        repository_name="tiny",
        repository_url="tiny",
        target_group_arns=(group,),
        load_balancer_arn=balancer["LoadBalancerArn"],
        load_balancer_dns=balancer["DNSName"],
        url="http://localhost",
        log_group="/ecs/pay",
        secret_arn=secret,
        backup_bucket="backups",
        log_archive_bucket="logs",
        data_path="/data",
        databases=("/data/db",),
        subnet_ids=(subnet,),
        security_group_ids=(),
        execution_role_arn="execution",
        task_role_arn="task",
        metrics_namespace="pay/local",
    )
