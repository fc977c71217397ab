"""The emulated ECS's containers are removed, and those of others are not touched."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError, DockerException, NotFound
from support.settings import stack_settings

from deployments.local.stack import settle
from deployments.local.stack.errors import StackError
from deployments.local.stack.specs import instance

SETTINGS = stack_settings(Path("/state"), 1001, 1002, 1003)


@dataclass
class FakeEngine:
    """An engine with containers by their labels; removing one may fail."""

    labels: dict[str, str]
    fails: dict[str, Exception] = field(default_factory=dict)
    down: bool = False

    @property
    def api(self) -> "FakeEngine":
        """The engine's own calls."""
        return self

    def containers(self, *, all: bool, filters: dict[str, str]) -> list[dict[str, Any]]:  # noqa: A002 - the SDK's
        """List the containers of a label."""
        assert all
        if self.down:
            raise DockerException("gone")
        return [{"Id": name} for name, label in self.labels.items() if label == filters["label"]]

    def volumes(self, *, filters: dict[str, str]) -> dict[str, Any]:
        """List the volumes of a label; one is there."""
        assert filters == {"label": f"ministack.instance={instance(SETTINGS)}"}
        return {"Volumes": [{"Name": "scratch"}] if "scratch" in self.labels else None}

    def remove_volume(self, name: str, *, force: bool) -> None:
        """Remove one."""
        assert force
        assert "b" not in self.labels, "a container may still use it"
        del self.labels[name]

    def remove_container(self, name: str, *, force: bool, v: bool) -> None:
        """Remove one."""
        assert (force, v) == (True, True)
        if name in self.fails:
            raise self.fails[name]
        del self.labels[name]


def engine(monkeypatch: pytest.MonkeyPatch, **more: Any) -> FakeEngine:
    """Give the stack an engine with two containers of its own and one of another stack."""
    ours = f"ministack.instance={instance(SETTINGS)}"
    found = FakeEngine({"a": ours, "b": ours, "c": "ministack.instance=other"}, **more)
    monkeypatch.setattr(settle.docker, "from_env", lambda **_: found)
    return found


def refused(status: int) -> APIError:
    """Return the engine's refusal."""
    return APIError("no", response=SimpleNamespace(status_code=status, url="/", reason="no"))  # type: ignore[arg-type]


def test_only_our_own_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another stack's stay."""
    found = engine(monkeypatch)
    assert settle.containers(SETTINGS) == ["a", "b"]
    assert settle.remove_containers(SETTINGS) == 2
    assert list(found.labels) == ["c"]


def test_their_volumes_go_after_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of an emulator that was killed have nobody else."""
    found = engine(monkeypatch)
    found.labels["scratch"] = "a volume's"
    assert settle.remove_containers(SETTINGS) == 2
    assert list(found.labels) == ["c"]


@pytest.mark.parametrize("error", [NotFound("gone"), refused(409)], ids=["gone", "somebody removes it"])
def test_one_that_goes_by_itself_is_no_trouble(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """The others are removed all the same."""
    found = engine(monkeypatch, fails={"a": error})
    settle.remove_containers(SETTINGS)
    assert "b" not in found.labels


def test_one_that_stays_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its short id."""
    engine(monkeypatch, fails={"a": refused(500)})
    with pytest.raises(StackError, match="Container a could not be removed"):
        settle.remove_containers(SETTINGS)


def test_without_an_engine_there_are_no_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where it does not answer at all, nor where it goes away meanwhile."""
    engine(monkeypatch, down=True)
    assert settle.remove_containers(SETTINGS) == 0

    def absent(**_: Any) -> None:
        raise DockerException("no socket")

    monkeypatch.setattr(settle.docker, "from_env", absent)
    assert (settle.containers(SETTINGS), settle.remove_containers(SETTINGS)) == ([], 0)
