"""Tells whether a recorded release can still be deployed."""

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.ecs.registry import TaskDefinitions
from pipeline.image.errors import RegistryError
from pipeline.image.registry import find_image
from pipeline.release.model import ReleaseRecord


def why_unusable(access: AwsAccess, repository: str, record: ReleaseRecord) -> str | None:
    """Return why the service cannot be moved to a release any more, or None where it can."""
    try:
        if not TaskDefinitions(access).is_active(record.task_definition):
            return "its task definition is inactive"
    except AwsError as error:
        return f"its task definition cannot be read: {error}"
    try:
        if find_image(access, repository, record.image_digest) is None:
            return "its image is gone from the registry"
    except (AwsError, RegistryError) as error:
        return f"its image cannot be looked up: {error}"
    return None
