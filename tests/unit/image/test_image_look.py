"""A look into an image leaves nothing on the engine, whether it ends or is killed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.image.contents import _files_of


class Looked:
    """An engine that makes a volume for each container, as of an image with VOLUME."""

    def __init__(self) -> None:
        self.there: dict[str, Any] = {}
        self.volumes: set[str] = set()
        self.containers = self

    def create(self, image: str, labels: tuple[str, ...], **_: Any) -> "Container":
        """Make a container now."""
        return self.make("looked-at", labels, datetime.now(UTC))

    def make(self, name: str, labels: tuple[str, ...], at: datetime) -> "Container":
        """Make a container with its volume at that moment."""
        self.there[name] = Container(self, name, labels, {"Created": f"{at:%Y-%m-%dT%H:%M:%S.%f}123Z"})
        self.volumes.add(name)
        return self.there[name]

    def list(self, *, all: bool, filters: dict[str, str]) -> "list[Container]":  # noqa: A002 - Docker's name
        """Return the containers with the label, those that were never started as well."""
        return [item for item in self.there.values() if all and filters["label"] in item.labels]


class Container:
    """One container of it."""

    def __init__(self, engine: Looked, name: str, labels: tuple[str, ...], attrs: dict[str, str]) -> None:
        self.engine, self.name, self.labels, self.attrs = engine, name, labels, attrs

    def remove(self, *, force: bool = False, v: bool = False) -> None:
        """Go, and take the volume along where that is asked for."""
        self.engine.there.pop(self.name)
        self.engine.volumes -= {self.name} if v else set()


def test_a_look_takes_its_volumes_along() -> None:
    """One for each deployment would be left for ever."""
    engine: Any = Looked()
    with _files_of(engine, "image"):
        assert list(engine.there) == ["looked-at"]
    assert engine.there == {}
    assert engine.volumes == set()


@pytest.mark.parametrize(("minutes", "left"), [(61, []), (59, ["killed"])])
def test_the_next_look_removes_what_a_killed_run_left(minutes: int, left: list[str]) -> None:
    """Not what may be another run's that looks now, nor what is somebody else's."""
    engine: Any = Looked()
    with _files_of(engine, "image"):
        (label,) = engine.there["looked-at"].labels
    engine.make("killed", (label,), datetime.now(UTC) - timedelta(minutes=minutes))
    engine.make("other", (), datetime.now(UTC) - timedelta(days=9))
    with _files_of(engine, "image"):
        pass
    assert list(engine.there) == [*left, "other"]
    assert engine.volumes == {*left, "other"}
