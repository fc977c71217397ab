"""Asks ECR what it holds."""

from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.aws import AwsAccess, explain
from pipeline.image.errors import RegistryError


@dataclass(frozen=True)
class RemoteImage:
    """An image in the registry."""

    repository: str
    digest: str
    tags: tuple[str, ...]
    size_bytes: int
    """Compressed."""
    pushed_at: datetime | None


def find_image(access: AwsAccess, repository: str, name: str) -> RemoteImage | None:
    """Look an image up by tag or digest (``sha256:…``); None when the repository has no such image.

    Raises:
        RegistryError: there is no such repository.
        AwsError: the call failed otherwise.
    """
    identifier = {"imageDigest": name} if name.startswith("sha256:") else {"imageTag": name}
    try:
        answer = access.client("ecr").describe_images(repositoryName=repository, imageIds=[identifier])
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        if code == "ImageNotFoundException":
            return None
        if code == "RepositoryNotFoundException":
            raise RegistryError(
                f"ECR has no repository {repository} in {access.region}. "
                "Run deploy-infrastructure to make it."
            ) from error
        raise explain(f"Looking for {name} in the ECR repository {repository}", error) from error
    except BotoCoreError as error:
        raise explain(f"Looking for {name} in the ECR repository {repository}", error) from error
    details = answer.get("imageDetails", [])
    return _remote(repository, details[0]) if details else None


def _remote(repository: str, detail: dict[str, object]) -> RemoteImage:
    tags, pushed, size = detail.get("imageTags"), detail.get("imagePushedAt"), detail.get("imageSizeInBytes")
    return RemoteImage(
        repository=repository,
        digest=str(detail["imageDigest"]),
        tags=tuple(sorted(tags)) if isinstance(tags, list) else (),
        size_bytes=size if isinstance(size, int) else 0,
        pushed_at=pushed if isinstance(pushed, datetime) else None,
    )
