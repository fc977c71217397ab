"""The recipe of the base image."""

from dataclasses import replace
from pathlib import Path

import pytest

from deployments.local import base_image
from deployments.local.base_image import BaseImageError, Recipe, bootstrap_command, ensure_base_image

_RECIPE = Recipe(
    "bookworm", ("deb http://mirror bookworm main",), ('Acquire::http::Proxy "p:s3cret";',), b"pem", "3.11"
)


def test_command() -> None:
    """Settings stay in files: a proxy's password isn't in the process list."""
    command = bootstrap_command(_RECIPE, Path("/work"))
    assert "--aptopt=/work/apt.conf" in command
    assert command[-3:] == ["bookworm", "/work/root.tar", "/work/sources.list"]
    assert "s3cret" not in " ".join(command)


def test_an_equivalent_has_what_official_images_have() -> None:
    """Commands under both names, time zones, the library of the same Python; and pip installs for all."""
    command = bootstrap_command(_RECIPE, Path("/work"))
    (included,) = [part for part in command if part.startswith("--include=")]
    packages = included.partition("=")[2].split(",")
    assert {"python-is-python3", "python3-pip", "tzdata", "netbase", "libpython3.11"} <= set(packages)
    assert "--dpkgopt=path-exclude=/usr/lib/python3*/EXTERNALLY-MANAGED" in command


def test_trust_is_optional() -> None:
    """A machine without its own certificates keeps the packages' ones."""
    command = bootstrap_command(replace(_RECIPE, trust=b""), Path("/work"))
    assert not [part for part in command if "pip.conf" in part or "trust.pem" in part]


@pytest.mark.parametrize(
    "change", [{"sources": ("deb x",)}, {"trust": b"other"}, {"suite": "trixie"}, {"python": "3.13"}]
)
def test_reference(change: dict[str, object]) -> None:
    """Another recipe has another name, so that an old image isn't taken for a new one."""
    assert _RECIPE.reference.startswith("vimbiso/base:bookworm-")
    assert _RECIPE.reference == replace(_RECIPE).reference
    assert replace(_RECIPE, **change).reference != _RECIPE.reference  # type: ignore[arg-type]


def test_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a Docker engine the error says what to start."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    with pytest.raises(BaseImageError, match="Docker engine does not answer"):
        ensure_base_image()


def test_apt_is_asked_once_until_its_settings_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A note that is half written counts for nothing, either."""
    asked: list[str] = []
    monkeypatch.setattr(base_image, "_APT", tmp_path / "apt")
    monkeypatch.setattr(base_image, "_NOTE", tmp_path / "tools/base-image")
    monkeypatch.setattr(base_image, "_recipe", lambda: asked.append("apt") or _RECIPE)
    (tmp_path / "apt").mkdir()
    assert [base_image._equivalent(), base_image._equivalent()] == [_RECIPE.reference] * 2
    assert len(asked) == 1
    (tmp_path / "apt/sources.list").write_text("deb http://other bookworm main", encoding="utf-8")
    assert base_image._equivalent() == _RECIPE.reference
    assert len(asked) == 2
    (tmp_path / "tools/base-image").write_text("0123", encoding="utf-8")
    assert base_image._equivalent() == _RECIPE.reference
    assert len(asked) == 3
