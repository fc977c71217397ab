"""The container that holds a task's network, and the volumes that go with the task."""

import io
import platform
import subprocess
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError, ImageNotFound

from deployments.local.stack import sandbox
from deployments.local.stack.errors import StackError
from deployments.local.stack.sandbox import close_sandbox, open_sandbox, pause_archive, remove_volumes

ARN = "arn:aws:ecs:af-south-1:000000000000:task/lab/0123456789abcdef"
DEFINITION: dict[str, Any] = {
    "networkMode": "awsvpc",
    "containerDefinitions": [{"name": "app"}, {"name": "redis"}],
    "volumes": [{"name": "scratch"}],
}


class Engine:
    """Remembers what it was asked for; has no image at first."""

    def __init__(self) -> None:
        self.log: list[tuple[str, str]] = []
        self.labels: dict[str, str] = {}
        self.images = SimpleNamespace(get=self._image)
        self.volumes = SimpleNamespace(create=self._volume)
        self.containers = SimpleNamespace(run=self._run)
        self.api = SimpleNamespace(
            import_image_from_data=lambda _, repository, changes: self.log.append(("import", repository)),
            remove_container=lambda name, **_: self.log.append(("remove", name)),
            remove_volume=self._remove_volume,
            volumes=self._list,
        )

    def _image(self, name: str) -> None:
        if ("import", name) not in self.log:
            raise ImageNotFound("none")

    def _volume(self, name: str, labels: dict[str, str]) -> None:
        self.labels = labels
        self.log.append(("volume", name))

    def _list(self, filters: dict[str, str]) -> dict[str, Any]:
        self.log.append(("list", filters["label"]))
        return {"Volumes": [{"Name": "in use"}, {"Name": "left"}]}

    def _remove_volume(self, name: str, force: bool) -> None:
        if name == "in use":
            raise APIError("409")
        self.log.append(("remove", name))

    def _run(self, image: str, *, name: str, labels: dict[str, str], **_: Any) -> Any:
        self.labels = labels
        self.log.append(("run", name))
        return SimpleNamespace(id="held")

    def version(self) -> dict[str, str]:
        """Tell of the engine's machine."""
        return {"Arch": "amd64"}


def test_a_task_of_several_containers_has_a_network_of_its_own() -> None:
    """Its image is made once; all carries the label by which the emulator's leavings are found."""
    engine = Engine()
    made = open_sandbox(engine, ARN, DEFINITION)
    again = open_sandbox(engine, ARN, DEFINITION)
    assert made == again
    assert (made.network_of, made.volumes) == ("held", {"scratch": "ministack-ecs-01234567-scratch"})
    assert engine.log.count(("import", sandbox.PAUSE)) == 1
    assert "ministack.instance" in engine.labels
    close_sandbox(engine, made)
    assert engine.log[-2:] == [("remove", "held"), ("remove", "ministack-ecs-01234567-scratch")]


@pytest.mark.parametrize(
    "definition",
    [
        {**DEFINITION, "networkMode": "bridge"},
        {**DEFINITION, "containerDefinitions": [{"name": "app"}]},
    ],
)
def test_other_tasks_need_none(definition: dict[str, Any]) -> None:
    """Containers of the mode bridge have a network each, on AWS too."""
    assert open_sandbox(Engine(), ARN, definition).network_of is None


def test_what_a_killed_emulator_left_is_removed() -> None:
    """What is still in use stays, and does not keep the others from going."""
    engine = Engine()
    remove_volumes(engine, "me:4566")
    assert engine.log == [("list", "ministack.instance=me:4566"), ("remove", "left")]
    remove_volumes(None, "me:4566")


def test_the_network_is_held_by_a_program_that_only_waits(tmp_path: Path) -> None:
    """On the machines that engines run on; on this one it is tried."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    with tarfile.open(fileobj=io.BytesIO(pause_archive(machine))) as archive:
        (entry,) = archive.getmembers()
        content = archive.extractfile(entry)
        assert content is not None
        (tmp_path / entry.name).write_bytes(content.read())
    (tmp_path / "pause").chmod(entry.mode)
    assert entry.mode & 0o111
    with subprocess.Popen([tmp_path / "pause"]) as running:
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(0.2)
        running.terminate()
        assert running.wait(60) == -15


def test_other_machines_are_told(tmp_path: Path) -> None:
    """There is machine code for two."""
    with pytest.raises(StackError, match="not s390x"):
        pause_archive("s390x")
    assert pause_archive("arm64") != pause_archive("amd64")
