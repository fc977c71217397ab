"""Asks ECR what it holds."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import code_of, explain
from pipeline.image.errors import RegistryError

if TYPE_CHECKING:
    from mypy_boto3_ecr.type_defs import ImageDetailTypeDef, ImageIdentifierTypeDef


@dataclass(frozen=True)
class RemoteImage:
    """An image in the registry."""

    repository: str
    digest: str
    tags: tuple[str, ...]
    pushed_at: datetime | None


def find_image(access: AwsAccess, repository: str, name: str) -> RemoteImage | None:
    """Look an image up by tag or digest (``sha256:…``); None when the repository has no such image.

    Raises:
        RegistryError: there is no such repository.
        AwsError: the call failed otherwise.
    """
    identifier: ImageIdentifierTypeDef = (
        {"imageDigest": name} if name.startswith("sha256:") else {"imageTag": name}
    )
    try:
        answer = access.client("ecr").describe_images(repositoryName=repository, imageIds=[identifier])
    except ClientError as error:
        code = code_of(error)
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


def _remote(repository: str, detail: "ImageDetailTypeDef") -> RemoteImage:
    return RemoteImage(
        repository=repository,
        digest=detail["imageDigest"],
        tags=tuple(sorted(detail.get("imageTags", ()))),
        pushed_at=detail.get("imagePushedAt"),
    )
