"""Persons who prove their decisions by one-time codes."""

from http import HTTPStatus
from typing import Annotated

from httpx import HTTPStatusError
from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from pydantic import Field, SecretStr

from pipeline.approvers import Attempt


class Approver(Block):
    """An approver of one environment, enrolled by `vimbiso approver`."""

    _block_type_name = "Approver"
    _block_type_slug = "approver"

    secret: Annotated[SecretStr, Field(description="The key that the authenticator has.")]
    attempts: Annotated[tuple[Attempt, ...], Field(description="Codes of late, right and wrong.")] = ()


def approver_block(environment: str, name: str) -> str:
    """Return the name of an approver's block; approvers' names have no dash."""
    return f"{environment}-{name}"


def enrolled_approvers(environment: str) -> tuple[str, ...]:
    """Return the names of the environment's approvers."""
    with get_client(sync_client=True) as client:
        try:
            found = client.read_block_documents_by_type(Approver._block_type_slug, include_secrets=False)
        except HTTPStatusError as error:
            if error.response.status_code != HTTPStatus.NOT_FOUND:
                raise
            return ()  # nobody was ever enrolled
    names = (str(item.name).rpartition("-") for item in found)
    return tuple(sorted(name for owner, _, name in names if owner == environment))
