"""The network that the containers of one emulated task share, and their volumes that begin empty.

A container that does nothing holds the network, as on Fargate: it is there before the first container of the
task and after the last, whichever of them ends in between. Its image is made here and needs no other.
"""

import io
import struct
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from docker.errors import DockerException, ImageNotFound
from ministack.core.container_reaper import own_labels  # type: ignore[import-untyped] # has no types

from deployments.local.stack import fargate
from deployments.local.stack.errors import StackError
from deployments.local.stack.guard import CONTAINER_HOST

PAUSE = "vimbiso/pause"
_NAME = "~internal~ecs~pause"
"""Name by which the agent of ECS labels its own pause container."""
_PAUSING = {
    "amd64": (62, "b822000000 0f05 ebf7"),  # loop: mov eax, 34 (pause); syscall; jmp loop
    # loop: x0..x3 = 0; mov x8, 73 (ppoll); svc 0; b loop
    "arm64": (183, "000080d2 010080d2 020080d2 030080d2 280980d2 010000d4 faffff17"),
}
"""Number of the machine (elf(5)) and machine code of a program that waits for ever."""
_BASE = 0x400000


@dataclass(frozen=True)
class Sandbox:
    """Network and scratch volumes of one task."""

    network_of: str | None = None
    """Id of the container that holds the network; None where the task's only container has its own."""
    volumes: dict[str, str] = field(default_factory=dict)
    """The engine's name of each scratch volume."""


def open_sandbox(client: Any, arn: str, definition: Mapping[str, Any]) -> Sandbox:
    """Make what the task's containers share.

    Raises:
        DockerException: the engine refused.
        StackError: there is no program to hold the network with on the engine's machine.
    """
    task = arn.rpartition("/")[2][:8]
    labels = {**own_labels("ecs"), "com.amazonaws.ecs.task-arn": arn}
    volumes = {name: f"ministack-ecs-{task}-{name}" for name in fargate.scratch_volumes(definition)}
    for name in volumes.values():
        client.volumes.create(name, labels=labels)
    shares = definition.get("networkMode") == "awsvpc" and len(definition["containerDefinitions"]) > 1
    return Sandbox(_pause(client, f"ministack-ecs-{task}-pause", labels) if shares else None, volumes)


def _pause(client: Any, name: str, labels: dict[str, str]) -> str:
    try:
        client.images.get(PAUSE)
    except ImageNotFound:
        archive = pause_archive(client.version()["Arch"])
        client.api.import_image_from_data(archive, repository=PAUSE, changes=['ENTRYPOINT ["/pause"]'])
    started = client.containers.run(
        PAUSE,
        name=name,
        labels={**labels, "com.amazonaws.ecs.container-name": _NAME},
        extra_hosts={CONTAINER_HOST: "host-gateway"},
        stop_signal="SIGKILL",  # as process 1 it would not hear of any other
        detach=True,
    )
    return str(started.id)


def pause_archive(machine: str) -> bytes:
    """Return an image's root as a tar archive: a static program that waits for ever.

    Raises:
        StackError: the engine's machine is neither amd64 nor arm64.
    """
    if machine not in _PAUSING:
        raise StackError(f"A task of several containers needs an engine on amd64 or arm64, not {machine}.")
    number, code = _PAUSING[machine]
    program = _executable(number, bytes.fromhex(code))
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        entry = tarfile.TarInfo("pause")
        entry.mode, entry.size = 0o755, len(program)
        archive.addfile(entry, io.BytesIO(program))
    return made.getvalue()


def _executable(machine: int, code: bytes) -> bytes:
    """Wrap machine code in the headers of an ELF executable with one segment (elf(5))."""
    headers = 64 + 56
    size = headers + len(code)
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    file = struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, _BASE + headers, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x10000)
    return ident + file + segment + code


def close_sandbox(client: Any, sandbox: Sandbox) -> None:
    """Remove it, after the task's containers."""
    if sandbox.network_of:
        with suppress(DockerException, OSError):
            client.api.remove_container(sandbox.network_of, force=True, v=True)
    for name in sandbox.volumes.values():
        with suppress(DockerException, OSError):
            client.api.remove_volume(name, force=True)


def remove_volumes(client: Any, instance: str) -> None:
    """Remove the volumes that an emulator which was killed has left behind; what is in use stays."""
    if client is None:
        return
    with suppress(DockerException, OSError):
        found = client.api.volumes(filters={"label": f"ministack.instance={instance}"})
        for volume in found["Volumes"] or []:
            with suppress(DockerException, OSError):
                client.api.remove_volume(volume["Name"], force=True)
