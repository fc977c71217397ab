"""How the demo begins."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.local import base_image
from deployments.local import demo as jobs
from deployments.local.stack.folders import remove
from deployments.local.stack.settings import Settings
from deployments.local.verbs import demo


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Variables that may be changed."""
    before = dict(os.environ)
    os.environ["VIMBISO_STATE"] = str(tmp_path / "a/state")
    os.environ["PREFECT_API_URL"] = "https://elsewhere.example/api"
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.usefixtures("shell")
def test_the_demo_uses_the_local_stack_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the shell names; Prefect's folder is there before Prefect is, and `clean` knows the whole."""
    began: list[tuple[str, bool, str]] = []
    monkeypatch.setattr(base_image, "ensure_base_image", lambda: "base")
    monkeypatch.setattr(
        jobs,
        "run_demo",
        lambda: began.append(
            (
                os.environ["PREFECT_API_URL"],
                Path(os.environ["PREFECT_HOME"]).is_dir(),
                os.environ["BASE_IMAGE"],
            )
        ),
    )
    demo()
    assert began == [(f"{Settings.read().prefect_url}/api", True, "base")]
    remove(Settings.read())
    assert not Settings.read().state.exists()
