"""Folders of an emulated environment's volumes are made for the container's user."""

from pathlib import Path

import pytest

from deployments.data_folders import make_data_folders
from pipeline.environment.loader import environment
from pipeline.errors import PipelineError


def test_the_container_may_write(tmp_path: Path) -> None:
    """As root the folder is given to its user; otherwise, or where only the image knows it, all may write."""
    own = environment("local")
    data = own.data.model_copy(update={"volumes": {"media": "/media"}})
    item = own.model_copy(update={"data_host_path": str(tmp_path / "state/data"), "data": data})
    make_data_folders(item)
    make_data_folders(item)
    for name in ("data", "data-media"):
        status = (tmp_path / "state" / name).stat()
        assert (status.st_uid, status.st_gid) == (10001, 10001) or status.st_mode & 0o777 == 0o777
    unknown = item.container.model_copy(update={"user": None})
    make_data_folders(
        item.model_copy(update={"container": unknown, "data_host_path": str(tmp_path / "open")})
    )
    assert (tmp_path / "open").stat().st_mode & 0o777 == 0o777


def test_elsewhere_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system in AWS is Terraform's."""
    monkeypatch.chdir(tmp_path)
    make_data_folders(environment("staging"))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_named() -> None:
    """With the environment."""
    item = environment("local").model_copy(update={"data_host_path": "/proc/self/no/data"})
    with pytest.raises(PipelineError, match="a volume of local, cannot be made"):
        make_data_folders(item)
