"""What several checks want to know of the service, asked once."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pipeline.aws.access import AwsAccess
from pipeline.ecs.model import Service
from pipeline.ecs.registry import TaskDefinitions
from pipeline.ecs.service import EcsService, ServiceRef
from pipeline.outputs import Outputs


class LiveService:
    """The service as it was at the first question."""

    def __init__(self, access: AwsAccess, outputs: Outputs) -> None:
        self._access, self._outputs = access, outputs

    @cached_property
    def service(self) -> Service:
        """The service; raises as ``EcsService.require``."""
        return EcsService(self._access, ServiceRef(self._outputs.cluster, self._outputs.service)).require()

    @cached_property
    def definition(self) -> Mapping[str, Any]:
        """Its task definition as ECS describes it; raises AwsError."""
        return TaskDefinitions(self._access).read(self.service.task_definition)[0]
