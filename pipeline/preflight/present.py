"""What several checks want to know of the service, asked once."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pipeline.ecs.model import Service
from pipeline.live import LiveEnvironment


class PresentService:
    """The service as it was at the first question."""

    def __init__(self, live: LiveEnvironment) -> None:
        self._live = live

    @cached_property
    def service(self) -> Service:
        """The service; raises as ``EcsService.require``."""
        return self._live.service.require()

    @cached_property
    def definition(self) -> Mapping[str, Any]:
        """Its task definition as ECS describes it; raises AwsError."""
        return self._live.task_definitions.read(self.service.task_definition)[0]
