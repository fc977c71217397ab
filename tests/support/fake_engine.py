"""A Docker engine made of messages."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

DIGEST = f"sha256:{'a' * 64}"


@dataclass
class FakeEngine:
    """Builds and pushes whatever it is given; its messages are Docker's."""

    pushing: Callable[[str], str] = lambda _: DIGEST
    """Brings an image to the registry, and returns the digest that it gets there."""
    built: dict[str, Any] = field(default_factory=dict)
    pushed: str = ""

    @property
    def api(self) -> "FakeEngine":
        """The engine's own calls."""
        return self

    @property
    def images(self) -> "FakeEngine":
        """The images that it holds."""
        return self

    def get(self, name: str) -> SimpleNamespace:
        """Return an image."""
        assert name == self.built["tag"]
        return SimpleNamespace(id=DIGEST)

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
