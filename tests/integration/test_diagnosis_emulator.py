"""Diagnoses of services that are broken for real, with real containers."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from ecs_emulator import CLUSTER, Lab, lab
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from pipeline.diagnosis import Diagnosis, Fault, Subject, diagnose, read_facts
from pipeline.ecs.watch import utc_now
from pipeline.environment import Environment
from pipeline.outputs import Outputs
from pipeline.preflight import Status
from pipeline.secrets import REQUIRED_KEYS

pytestmark = pytest.mark.docker
__all__ = ["lab"]

PORT = 8000
SERVES = (
    "/busybox mkdir -p /www/health; echo '{}' > /www/health/index.html; "
    f"/busybox httpd -p {PORT} -h /www; trap 'exit 0' TERM; while :; do /busybox sleep 0.2; done"
)
CRASHES = "/busybox echo 'KeyError: DATABASE_URL'; exit 3"


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
            "secrets": [{"name": key, "valueFrom": f"{arn}:{key}::"} for key in REQUIRED_KEYS],
            "healthCheck": {"command": ["CMD-SHELL", f"curl http://localhost:{PORT}/health/"]},
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
        return diagnose(read_facts(self.lab.access, subject))

    def settled(self, wanted: Callable[[Diagnosis], bool]) -> Diagnosis:
        """Diagnose until what is broken shows; return the last diagnosis in any case."""
        attempts = Retrying(
            retry=retry_if_result(lambda found: not wanted(found)),
            wait=wait_fixed(0.5),
            stop=stop_after_delay(60),
        )
        try:
            return attempts(self.diagnosis)
        except RetryError as error:
            return error.last_attempt.result()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def site(lab: Lab) -> Site:
    """Everything around a service, as Terraform would have built it."""
    ec2, elbv2 = lab.access.client("ec2"), lab.access.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    system = lab.access.client("efs").create_file_system(CreationToken="data")["FileSystemId"]
    balancer_group, tasks_group = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("balancer", "tasks")
    )
    _open(ec2, balancer_group, 80, IpRanges=[{"CidrIp": "0.0.0.0/0"}])
    for port in (443, 2049):
        _open(ec2, tasks_group, port, UserIdGroupPairs=[{"GroupId": tasks_group}])
    lab.access.client("efs").create_mount_target(
        FileSystemId=system, SubnetId=subnet, SecurityGroups=[tasks_group]
    )
    for name in ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "s3"):
        ec2.create_vpc_endpoint(
            VpcId=vpc,
            ServiceName=f"com.amazonaws.{lab.access.region}.{name}",
            **({} if name == "s3" else _inside(subnet, tasks_group)),
        )
    _open(ec2, tasks_group, PORT, UserIdGroupPairs=[{"GroupId": balancer_group}])
    balancer = elbv2.create_load_balancer(Name="lb", Subnets=[subnet], SecurityGroups=[balancer_group])
    balancer = balancer["LoadBalancers"][0]
    group = elbv2.create_target_group(
        Name="tg",
        Protocol="HTTP",
        Port=PORT,
        VpcId=vpc,
        TargetType="ip",
        HealthCheckPath="/health/",
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
    lab.access.client("logs").create_log_group(logGroupName="/ecs/pay")
    lab.access.client("s3").create_bucket(
        Bucket="backups", CreateBucketConfiguration={"LocationConstraint": lab.access.region}
    )
    values = json.dumps(dict.fromkeys(REQUIRED_KEYS, "made up"))
    secret = lab.access.client("secretsmanager").create_secret(Name="pay/local/app", SecretString=values)
    outputs = _outputs(lab, balancer, group, subnet, secret["ARN"])
    return Site(lab, outputs, balancer_group, tasks_group, system)


def _inside(subnet: str, group: str) -> dict[str, Any]:
    return {"VpcEndpointType": "Interface", "SubnetIds": [subnet], "SecurityGroupIds": [group]}


def _open(ec2: Any, group: str, port: int, **source: Any) -> None:
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
        database_path="/data/db",
        subnet_ids=(subnet,),
        security_group_ids=(),
        execution_role_arn="execution",
        task_role_arn="task",
        metrics_namespace="pay/local",
    )


def first(found: Diagnosis) -> Fault | None:
    """Return the likeliest cause."""
    return found.causes[0].fault if found.causes else None


def test_a_security_group_rule_that_was_removed_comes_first(site: Site) -> None:
    """A healthy service has no fault before the rule goes; then the rule is named."""
    web = site.serve(SERVES)
    well = web.settled(lambda found: found.steady and not found.causes)
    assert well.causes == ()
    told = {item.subject: item.status for item in well.findings}
    assert told[f"tasks to file system {site.file_system}, 2049"] is Status.OK
    assert told["tasks to endpoint ecr.dkr, 443"] is Status.SKIP  # the emulator tells no groups of endpoints
    ec2 = site.client("ec2")
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [site.tasks_group]}])
    inbound = [
        item["SecurityGroupRuleId"]
        for item in rules["SecurityGroupRules"]
        if not item["IsEgress"] and item["FromPort"] == PORT
    ]
    ec2.revoke_security_group_ingress(GroupId=site.tasks_group, SecurityGroupRuleIds=inbound)
    try:
        found = web.diagnosis()
        assert first(found) is Fault.TASK_FIREWALL
        assert site.balancer_group in found.headline
    finally:
        _open(ec2, site.tasks_group, PORT, UserIdGroupPairs=[{"GroupId": site.balancer_group}])


def test_a_secret_without_a_value_comes_first(site: Site) -> None:
    """The key that lacks is named, its value and the others' are not."""
    web, secrets = site.serve(SERVES), site.client("secretsmanager")
    kept = dict.fromkeys(REQUIRED_KEYS, "made up")
    lacking = {key: value for key, value in kept.items() if key != "DJANGO_SECRET"}
    secrets.put_secret_value(SecretId=site.outputs.secret_arn, SecretString=json.dumps(lacking))
    try:
        found = web.diagnosis()
    finally:
        secrets.put_secret_value(SecretId=site.outputs.secret_arn, SecretString=json.dumps(kept))
    assert first(found) is Fault.SECRET_MISSING
    assert "DJANGO_SECRET" in found.headline
    assert "made up" not in str(found)


def test_a_crash_is_explained_by_its_log(site: Site) -> None:
    """The exit code and the last error line stand beside the cause."""
    web = site.serve(CRASHES)
    found = web.settled(lambda found: any("KeyError" in item.reason for item in found.findings))
    assert first(found) is Fault.APPLICATION_EXITS
    reasons = [item.reason for item in found.causes[0].evidence]
    assert any("exited with 3" in reason for reason in reasons), reasons
    assert "KeyError: DATABASE_URL" in reasons


def test_a_missing_image_comes_first(site: Site) -> None:
    """The registry says so, whatever words the container engine has for it."""
    web = site.serve(SERVES, site.lab.image.replace(site.lab.digest, f"sha256:{'0' * 64}"))
    found = web.settled(
        lambda found: any(
            item.topic == "stopped tasks" and item.status is Status.NG for item in found.findings
        )
    )
    assert first(found) is Fault.IMAGE_MISSING
    kinds = {item.fault for item in found.findings if item.topic == "stopped tasks"}
    assert kinds == {Fault.IMAGE_MISSING}
