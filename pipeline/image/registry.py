"""Asks ECR what it holds."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling
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
    ecr = access.client("ecr")
    with calling(f"Looking for {name} in the ECR repository {repository}"):
        try:
            answer = ecr.describe_images(repositoryName=repository, imageIds=[identifier])
        except ecr.exceptions.ImageNotFoundException:
            return None
        except ecr.exceptions.RepositoryNotFoundException as error:
            raise RegistryError(
                f"ECR has no repository {repository} in {access.region}. "
                "Run deploy-infrastructure to make it."
            ) from error
    details = answer.get("imageDetails", [])
    return _remote(repository, details[0]) if details else None


def _remote(repository: str, detail: "ImageDetailTypeDef") -> RemoteImage:
    return RemoteImage(
        repository=repository,
        digest=detail["imageDigest"],
        tags=tuple(sorted(detail.get("imageTags", ()))),
        pushed_at=detail.get("imagePushedAt"),
    )
