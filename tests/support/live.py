"""A live environment of a test's own."""

from typing import Any

from pipeline.aws.access import AwsAccess
from pipeline.environment.loader import environment
from pipeline.live import LiveEnvironment
from pipeline.outputs import Outputs


def live_environment(
    access: AwsAccess, built: Outputs | None = None, name: str = "staging", **settings: Any
) -> LiveEnvironment:
    """Return an environment of environments.toml, with other ``settings`` where given."""
    return LiveEnvironment(environment(name).model_copy(update=settings), access, built)
