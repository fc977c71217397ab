"""The containers that the emulated ECS has made, and those only."""

import docker
from docker.errors import APIError, DockerException, NotFound

from deployments.local.stack.errors import StackError
from deployments.local.stack.settings import Settings
from deployments.local.stack.specs import instance


def containers(settings: Settings) -> list[str]:
    """Return the ids of our emulator's containers, stopped ones included; none where no engine answers."""
    client = _client()
    return _ids(client, settings) if client else []


def remove_containers(settings: Settings) -> int:
    """Remove our emulator's containers and return how many there were.

    Raises:
        StackError: the engine refused to remove one.
    """
    client = _client()
    found = _ids(client, settings) if client else []
    for container in found:
        _remove(client, container)
    return len(found)


def _client() -> docker.DockerClient | None:
    """Return the engine's client; without an engine there are no containers."""
    try:
        return docker.from_env(timeout=30)
    except DockerException:
        return None


def _ids(client: docker.DockerClient, settings: Settings) -> list[str]:
    label = f"ministack.instance={instance(settings)}"
    try:
        return [item["Id"] for item in client.api.containers(all=True, filters={"label": label})]
    except DockerException:
        return []


def _remove(client: docker.DockerClient | None, container: str) -> None:
    if client is None:
        return
    try:
        client.api.remove_container(container, force=True, v=True)
    except NotFound:
        return
    except APIError as error:
        if error.status_code != 409:  # 409: somebody else removes it right now
            raise StackError(
                f"Container {container[:12]} could not be removed: {error}. Try again."
            ) from error
