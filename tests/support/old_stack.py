"""What ran before this project, made by hand under the guide's names."""

import json
from typing import Any

from pipeline.aws.access import AwsAccess
from pipeline.environment.model import Environment

EVENT, VALUES = "kept", {"DJANGO_SECRET": "kept"}


def build_old_stack(access: AwsAccess, environment: Environment) -> str:
    """Make an image, a log event, a cluster, a secret and the domain; return the domain's zone."""
    names = environment.names
    ecr = access.client("ecr")
    ecr.create_repository(repositoryName=names.repository)
    ecr.put_image(repositoryName=names.repository, imageTag="old", imageManifest=_MANIFEST)
    logs = access.client("logs")
    for group in (names.log_group, f"{names.log_group}-other"):
        logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=names.log_group, logStreamName="old")
    event: Any = {"timestamp": 1764328000000, "message": EVENT}
    logs.put_log_events(logGroupName=names.log_group, logStreamName="old", logEvents=[event])
    access.client("ecs").create_cluster(clusterName=names.cluster)
    secrets = access.client("secretsmanager")
    secrets.create_secret(Name=environment.secret_name, SecretString=json.dumps(VALUES))
    return _point(access, str(environment.domain))


def _point(access: AwsAccess, domain: str) -> str:
    """Make the domain's zone, and in it the record by which users find the old load balancer."""
    route53 = access.client("route53")
    zone = route53.create_hosted_zone(Name=domain, CallerReference="old")["HostedZone"]["Id"]
    record: Any = {"Name": domain, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    )
    return zone.removeprefix("/hostedzone/")


_MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": 2,
            "digest": f"sha256:{'0' * 64}",
        },
        "layers": [],
    }
)
