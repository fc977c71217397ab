"""Reads tasks with their reasons and logs, definitions, image, security groups, routes and file systems."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.aws.errors import calling
from pipeline.delivery.evidence import TaskLogs
from pipeline.delivery.model import TaskEvidence
from pipeline.diagnosis.causes import why_stopped
from pipeline.diagnosis.facts import (
    WORLD,
    Definitions,
    Destination,
    FileSystem,
    Listener,
    LiveImage,
    Network,
    Route,
    Rule,
    Security,
    SecurityGroup,
    Subject,
    Tasks,
)
from pipeline.ecs import translate
from pipeline.ecs.model import Task, TaskStatus
from pipeline.ecs.service import list_tasks
from pipeline.image.registry import find_image
from pipeline.live import LiveEnvironment

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import (
        FilterTypeDef,
        IpPermissionOutputTypeDef,
        RouteTableTypeDef,
        RouteTypeDef,
        SecurityGroupTypeDef,
        VpcEndpointTypeDef,
    )
    from mypy_boto3_ecs.type_defs import AwsVpcConfigurationOutputTypeDef, ServiceTypeDef
    from mypy_boto3_elbv2.type_defs import LoadBalancerTypeDef


_LOGS_OF = 3
_RUNNING_LOGS_OF = 2


def read_definitions(live: LiveEnvironment) -> Definitions:
    """Return the revision that the service is on, and Terraform's."""
    definitions = live.task_definitions
    present = live.service.require().task_definition
    template = live.outputs.task_definition_arn
    return Definitions(definitions.read(present)[0], definitions.read(template)[0] if template else None)


def read_tasks(live: LiveEnvironment, subject: Subject) -> Tasks:
    """Return every task of the application's family, also its smoke tests and migrations."""
    running = _tasks(live, "RUNNING", None)
    stopped = _tasks(live, "STOPPED", subject.since)
    service = live.outputs.service
    failed = [task for task in stopped if why_stopped(task, service)]
    unhealthy = [task for task in running if task.health == "UNHEALTHY"]
    shown = [*dict.fromkeys([*(failed + unhealthy)[:_LOGS_OF], *running[:_RUNNING_LOGS_OF]])]
    logs = TaskLogs(live.access, live.outputs.log_group)
    with ThreadPoolExecutor(_LOGS_OF) as pool:
        evidence = tuple(pool.map(lambda task: _evidence(task, service, logs), shown))
    return Tasks(running, stopped, evidence)


def read_image(live: LiveEnvironment) -> LiveImage:
    """Look the image of the live revision up in the registry."""
    definition = live.task_definitions.read(live.service.require().task_definition)[0]
    containers = {item["name"]: item["image"] for item in definition["containerDefinitions"]}
    reference = str(containers[live.outputs.container])
    _, at, digest = reference.partition("@")
    name = digest if at else reference.rpartition(":")[2]
    return LiveImage(reference, find_image(live.access, live.outputs.repository_name, name) is not None)


def _tasks(live: LiveEnvironment, status: TaskStatus, since: datetime | None) -> tuple[Task, ...]:
    ecs, outputs = live.access.client("ecs"), live.outputs
    with calling(f"Listing the {status} tasks of {outputs.task_family}"):
        raws = list_tasks(ecs, cluster=outputs.cluster, family=outputs.task_family, desiredStatus=status)
        found = [translate.task(raw) for raw in raws]
    kept = [task for task in found if since is None or task.created_at >= since]
    return tuple(sorted(kept, key=lambda task: task.created_at, reverse=True))


def _evidence(task: Task, service: str, logs: TaskLogs) -> TaskEvidence:
    lines = {item.name: logs.tail(task, item.name) for item in task.containers}
    reason = why_stopped(task, service) or f"{task.last_status}, health {task.health}"
    return TaskEvidence(task.id, reason, lines)


NFS_PORT = 2049
HTTPS_PORT = 443


def read_security(live: LiveEnvironment) -> Security:
    """Return the groups at both ends of every connection that the service needs."""
    reader = _Reader(live)
    balancer = reader.balancer()
    own = reader.service_network()
    own_ranges, vpc = reader.ranges(own["subnets"])
    balancer_subnets = [
        zone["SubnetId"] for zone in balancer.get("AvailabilityZones", []) if "SubnetId" in zone
    ]
    return Security(
        balancer=reader.groups(balancer.get("SecurityGroups", [])),
        balancer_ranges=reader.ranges(balancer_subnets)[0],
        listeners=reader.listeners(),
        tasks=reader.groups(own["securityGroups"]),
        task_ranges=own_ranges,
        destinations=(*reader.endpoint_destinations(vpc), *reader.file_system_destinations()),
    )


def read_network(live: LiveEnvironment) -> Network:
    """Return the ways of the task subnets to AWS, and the mount targets of the file system."""
    reader = _Reader(live)
    own = reader.service_network()
    _, vpc = reader.ranges(own["subnets"])
    endpoints = [raw for raw in reader.endpoints(vpc) if raw.get("State")]
    return Network(
        routes=reader.routes(own["subnets"], vpc),
        endpoints=tuple((_short(raw["ServiceName"]), str(raw["State"]).lower()) for raw in endpoints),
        public_addresses=own.get("assignPublicIp") == "ENABLED",
        file_systems=reader.file_systems(),
    )


class _Reader:
    def __init__(self, live: LiveEnvironment) -> None:
        self._live = live
        self._ec2 = live.access.client("ec2")
        self._elbv2 = live.access.client("elbv2")
        self._efs = live.access.client("efs")

    def balancer(self) -> "LoadBalancerTypeDef":
        with calling("Describing the load balancer"):
            arn = self._live.outputs.load_balancer_arn
            return self._elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]

    def listeners(self) -> tuple[Listener, ...]:
        with calling("Describing the listeners"):
            answer = self._elbv2.describe_listeners(LoadBalancerArn=self._live.outputs.load_balancer_arn)
        return tuple(Listener(raw["Port"], raw["Protocol"]) for raw in answer["Listeners"])

    def service_network(self) -> "AwsVpcConfigurationOutputTypeDef":
        """Return the service's own settings; what Terraform set where it has none."""
        outputs = self._live.outputs
        with calling(f"Describing ECS service {outputs.service}"):
            ecs = self._live.access.client("ecs")
            answer = ecs.describe_services(cluster=outputs.cluster, services=[outputs.service])
        found: ServiceTypeDef = answer["services"][0] if answer["services"] else {}
        own = found.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        return {
            "subnets": own.get("subnets") or list(outputs.subnet_ids),
            "securityGroups": own.get("securityGroups") or list(outputs.security_group_ids),
            "assignPublicIp": own.get("assignPublicIp", "DISABLED"),
        }

    def groups(self, ids: list[str]) -> tuple[SecurityGroup, ...]:
        if not ids:
            return ()
        with calling("Describing the security groups"):
            answer = self._ec2.describe_security_groups(GroupIds=ids)
        return tuple(_group(raw) for raw in answer["SecurityGroups"])

    def ranges(self, subnets: list[str]) -> tuple[tuple[str, ...], str]:
        """Return the address ranges of subnets, and their VPC."""
        if not subnets:
            return (), ""
        with calling("Describing the subnets"):
            found = self._ec2.describe_subnets(SubnetIds=subnets)["Subnets"]
        return tuple(raw["CidrBlock"] for raw in found), next((raw["VpcId"] for raw in found), "")

    def endpoints(self, vpc: str) -> list["VpcEndpointTypeDef"]:
        with calling("Describing the VPC's endpoints"):
            answer = self._ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
        return answer["VpcEndpoints"]

    def endpoint_destinations(self, vpc: str) -> list[Destination]:
        interfaces = [raw for raw in self.endpoints(vpc) if raw.get("VpcEndpointType") == "Interface"]
        return [
            Destination(
                f"endpoint {_short(raw['ServiceName'])}",
                HTTPS_PORT,
                self.groups([group["GroupId"] for group in raw.get("Groups", [])]),
                self.ranges(raw.get("SubnetIds", []))[0],
            )
            for raw in interfaces
        ]

    def file_system_destinations(self) -> list[Destination]:
        return [self._file_system_destination(id_) for id_ in self._file_system_ids()]

    def _file_system_destination(self, id_: str) -> Destination:
        with calling(f"Describing the mount targets of {id_}"):
            mounts = self._efs.describe_mount_targets(FileSystemId=id_)["MountTargets"]
            groups = {
                group
                for mount in mounts
                for group in self._efs.describe_mount_target_security_groups(
                    MountTargetId=mount["MountTargetId"]
                )["SecurityGroups"]
            }
        return Destination(
            f"file system {id_}",
            NFS_PORT,
            self.groups(sorted(groups)),
            self.ranges([mount["SubnetId"] for mount in mounts])[0],
        )

    def file_systems(self) -> tuple[FileSystem, ...]:
        found = []
        for id_ in self._file_system_ids():
            with calling(f"Describing the mount targets of {id_}"):
                mounts = self._efs.describe_mount_targets(FileSystemId=id_)["MountTargets"]
            states = (
                (str(raw.get("AvailabilityZoneName", "")), str(raw["LifeCycleState"])) for raw in mounts
            )
            found.append(FileSystem(id_, tuple(states)))
        return tuple(found)

    def _file_system_ids(self) -> list[str]:
        volumes = read_definitions(self._live).live.get("volumes", [])
        settings = [volume.get("efsVolumeConfiguration") or {} for volume in volumes]
        return sorted({item["fileSystemId"] for item in settings if "fileSystemId" in item})

    def routes(self, subnets: list[str], vpc: str) -> tuple[Route, ...]:
        own: list[FilterTypeDef] = [{"Name": "vpc-id", "Values": [vpc]}]
        with calling("Describing routes and NAT gateways"):
            tables = self._ec2.describe_route_tables(Filters=own)["RouteTables"]
            gateways = self._ec2.describe_nat_gateways(Filters=own)["NatGateways"]
            zones = self._ec2.describe_subnets(SubnetIds=subnets)["Subnets"]
        states = {raw["NatGatewayId"]: str(raw["State"]) for raw in gateways}
        return tuple(
            _route(raw["SubnetId"], str(raw.get("AvailabilityZone", "")), tables, states) for raw in zones
        )


def _route(subnet: str, zone: str, tables: list["RouteTableTypeDef"], gateways: dict[str, str]) -> Route:
    table = _table_of(subnet, tables)
    none: RouteTypeDef = {}
    default = next((raw for raw in table if raw.get("DestinationCidrBlock") == WORLD), none)
    leads_to = str(
        default.get("NatGatewayId")
        or default.get("GatewayId")
        or default.get("TransitGatewayId")
        or default.get("NetworkInterfaceId")
        or ""
    )
    return Route(subnet, zone, leads_to, str(default.get("State", "active")), gateways.get(leads_to, ""))


def _table_of(subnet: str, tables: list["RouteTableTypeDef"]) -> list["RouteTypeDef"]:
    """Return the routes of a subnet: its own table's, else the main one's."""
    links = [(link, table) for table in tables for link in table.get("Associations", [])]
    own = [table for link, table in links if link.get("SubnetId") == subnet]
    main = [table for link, table in links if link.get("Main")]
    return list((own or main or [{}])[0].get("Routes", []))


def _group(raw: "SecurityGroupTypeDef") -> SecurityGroup:
    return SecurityGroup(
        raw["GroupId"],
        raw.get("GroupName", ""),
        tuple(_rule(item) for item in raw.get("IpPermissions", [])),
        tuple(_rule(item) for item in raw.get("IpPermissionsEgress", [])),
    )


def _rule(raw: "IpPermissionOutputTypeDef") -> Rule:
    return Rule(
        protocol=str(raw.get("IpProtocol", "")),
        first=raw.get("FromPort"),
        last=raw.get("ToPort"),
        groups=tuple(item["GroupId"] for item in raw.get("UserIdGroupPairs", []) if "GroupId" in item),
        ranges=tuple(item["CidrIp"] for item in raw.get("IpRanges", [])),
        prefix_lists=tuple(item["PrefixListId"] for item in raw.get("PrefixListIds", [])),
    )


def _short(service_name: str) -> str:
    """Return ``ecr.dkr`` of ``com.amazonaws.af-south-1.ecr.dkr``."""
    return service_name.split(".", 3)[-1]
