"""Collects what is in use, from ECS and from recorded releases. Any doubt is an error."""

from collections.abc import Iterable

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError, calling
from pipeline.ecr.model import EcrError, ProtectedImages, Reference, parse_reference
from pipeline.ecs.service import list_tasks
from pipeline.outputs import Outputs


def collect_in_use(
    access: AwsAccess, outputs: Outputs, releases: Iterable[str] = (), revisions: int = 10
) -> ProtectedImages:
    """Return every digest and tag that a next task start, or a rollback, may need.

    That is: the images of all tasks of the cluster, of every deployment's task definition of the service,
    of the newest ``revisions`` of the family, and the image digests of ``releases``.

    Raises:
        EcrError: one of them could not be read. Nothing may be deleted then.
    """
    collector = _Collector(access, outputs)
    try:
        collector.add_tasks()
        collector.add_definitions(collector.deployed(), "task definition of the service")
        collector.add_definitions(collector.newest(revisions), f"one of the last {revisions} revisions")
    except (AwsError, KeyError) as error:
        raise EcrError(
            f"What environment {outputs.environment} uses could not be read, so nothing was deleted: {error} "
            "Run cleanup-ecr again once ECS answers."
        ) from error
    for digest in releases:
        collector.add_digest(digest, "recorded release", own=True)
    return collector.protection()


class _Collector:
    def __init__(self, access: AwsAccess, outputs: Outputs) -> None:
        self._ecs = access.client("ecs")
        self._outputs = outputs
        self._digests: dict[str, str] = {}
        self._tags: dict[str, str] = {}
        self._own: set[str] = set()
        self._definitions: dict[str, list[Reference]] = {}

    def protection(self) -> ProtectedImages:
        return ProtectedImages(self._digests, self._tags, frozenset(self._own))

    def add_digest(self, digest: str, user: str, *, own: bool) -> None:
        self._digests.setdefault(digest, user)
        if own:
            self._own.add(digest)

    def add_reference(self, reference: Reference, user: str) -> None:
        own = reference.path == self._outputs.repository_name
        if reference.digest:
            self.add_digest(reference.digest, user, own=own)
        elif own:
            self._tags.setdefault(reference.tag, user)

    def add_tasks(self) -> None:
        cluster = self._outputs.cluster
        with calling(f"Listing the tasks of cluster {cluster}"):
            tasks = list(list_tasks(self._ecs, cluster=cluster, desiredStatus="RUNNING"))
        for task in tasks:
            for container in task.get("containers", ()):
                user = f"task {task['taskArn'].rsplit('/', 1)[-1]}"
                own = parse_reference(container.get("image", "")).path == self._outputs.repository_name
                if container.get("imageDigest"):
                    self.add_digest(container["imageDigest"], user, own=own)

    def add_definitions(self, arns: Iterable[str], user: str) -> None:
        for arn in arns:
            for reference in self._images(arn):
                self.add_reference(reference, f"{user} ({arn.rsplit('/', 1)[-1]})")

    def deployed(self) -> list[str]:
        """Return the task definition of every deployment of the service."""
        cluster, service = self._outputs.cluster, self._outputs.service
        with calling(f"Describing ECS service {service}"):
            answer = self._ecs.describe_services(cluster=cluster, services=[service])
        active = [item for item in answer["services"] if item["status"] != "INACTIVE"]
        if not active:
            raise EcrError(
                f"ECS service {service} does not exist in cluster {cluster}, so what it needs cannot be told "
                "and nothing was deleted. Run deploy-infrastructure first, or clean the repository by hand."
            )
        found = [active[0]["taskDefinition"], *(item["taskDefinition"] for item in active[0]["deployments"])]
        return list(dict.fromkeys(found))

    def newest(self, count: int) -> list[str]:
        """Return the newest revisions of exactly this family: emulators match it as a prefix."""
        family, found = self._outputs.task_family, []
        with calling(f"Listing the revisions of {family}"):
            pages = self._ecs.get_paginator("list_task_definitions").paginate(
                familyPrefix=family, sort="DESC"
            )
            for page in pages:
                found += [
                    arn
                    for arn in page["taskDefinitionArns"]
                    if arn.rsplit("/", 1)[-1].rsplit(":", 1)[0] == family
                ]
                if len(found) >= count:
                    break
        return found[:count]

    def _images(self, arn: str) -> list[Reference]:
        if arn not in self._definitions:
            with calling(f"Describing task definition {arn}"):
                answer = self._ecs.describe_task_definition(taskDefinition=arn)
            containers = answer["taskDefinition"]["containerDefinitions"]
            self._definitions[arn] = [parse_reference(item["image"]) for item in containers]
        return self._definitions[arn]
