"""A Docker engine made of messages."""

import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

DIGEST = f"sha256:{'a' * 64}"


class FakeContainers:
    """A container that is made and never started: every file of it is there, and empty."""

    def create(self, image: str, **_: Any) -> "FakeContainers":
        """Make it."""
        return self

    def get_archive(self, path: str) -> tuple[Iterator[bytes], dict[str, Any]]:
        """Return a file as Docker does, in a tar."""
        return (chunk for chunk in [tarfile.TarInfo(path).tobuf()]), {"linkTarget": ""}

    def remove(self, *, force: bool, v: bool) -> None:
        """Forget it, and its volumes."""
        assert force
        assert v

    def list(self, **_: Any) -> tuple[()]:
        """None runs."""
        return ()


@dataclass
class FakeEngine:
    """Builds and pushes whatever it is given; its messages are Docker's."""

    pushing: Callable[[str], str] = lambda _: DIGEST
    """Brings an image to the registry, and returns the digest that it gets there."""
    config: dict[str, Any] = field(default_factory=lambda: {"Cmd": ["serve"], "WorkingDir": "/app"})
    """Configuration of what it builds, in which every file is found."""
    built: dict[str, Any] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    """Other names that were given to what it built, and are still there."""
    pushed: str = ""

    @property
    def api(self) -> "FakeEngine":
        """The engine's own calls."""
        return self

    @property
    def images(self) -> "FakeEngine":
        """The images that it holds."""
        return self

    @property
    def containers(self) -> "FakeContainers":
        """The containers that it holds."""
        return FakeContainers()

    def list(self, **_: Any) -> tuple[()]:
        """It keeps none of before."""
        return ()

    def get(self, name: str) -> SimpleNamespace:
        """Return an image."""
        assert name == self.built["tag"]
        return SimpleNamespace(id=DIGEST, attrs={"Config": self.config}, tag=self._tag)

    def _tag(self, repository: str, tag: str) -> None:
        self.names.append(f"{repository}:{tag}")

    def remove(self, name: str) -> None:
        """Forget a name."""
        self.names.remove(name)

    def build(self, **request: Any) -> Iterator[dict[str, Any]]:
        """Build in one step, which is cached."""
        self.built = request
        yield {"stream": "Step 1/1 : FROM scratch\n"}
        yield {"stream": " ---> Using cache\n"}
        yield {"stream": "noise\n"}
        yield {"aux": {"ID": DIGEST}}
        yield {"stream": "Successfully built aaaaaaaaaaaa\n"}

    def push(self, image: str, **_: Any) -> Iterator[dict[str, Any]]:
        """Push two layers."""
        self.pushed = image
        for name in ("l1", "l2"):
            yield {"status": "Pushing", "progressDetail": {"current": 5, "total": 10}, "id": name}
            yield {"status": "Pushed", "progressDetail": {}, "id": name}
        yield {"aux": {"Tag": "1", "Digest": self.pushing(image), "Size": 5}}

    def info(self) -> dict[str, Any]:
        """Say what it is."""
        return {"Architecture": "x86_64", "ServerVersion": "20.10", "DockerRootDir": ""}
