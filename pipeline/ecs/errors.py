"""Errors of the ECS domain."""

from pipeline.errors import PipelineError


class EcsError(PipelineError):
    """An ECS operation could not be done."""


class ServiceMissingError(EcsError):
    """The service does not exist or is being deleted."""


class RolloutInProgressError(EcsError):
    """Somebody else's rollout is under way."""


class OneOffTaskError(EcsError):
    """A one-off task did not start, or ended with anything but exit code 0."""


class TaskUnknownError(OneOffTaskError):
    """ECS does not know the task: not yet, or no longer."""
