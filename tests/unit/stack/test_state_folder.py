"""The state folder is made for the application's user, and only a folder of ours is ever removed."""

from pathlib import Path

import pytest

from deployments.stack import Settings, StackError
from deployments.stack.folders import APPLICATION_UID, prepare, remove


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A stack whose folder does not exist yet."""
    return Settings(tmp_path / "deep/state", 1, 2, 3)


def test_the_application_may_write_to_its_data(settings: Settings) -> None:
    """As root the folder is given to the container's user; otherwise everybody may write."""
    prepare(settings)
    status = settings.data.stat()
    assert status.st_uid == APPLICATION_UID or status.st_mode & 0o777 == 0o777


def test_a_folder_of_ours_is_removed_as_a_whole(settings: Settings) -> None:
    """Made twice, removed, and removed again."""
    prepare(settings)
    prepare(settings)
    remove(settings)
    remove(settings)
    assert not settings.state.exists()


def test_a_folder_with_other_things_is_left_alone(settings: Settings) -> None:
    """VIMBISO_STATE may by mistake name a folder of value."""
    settings.state.mkdir(parents=True)
    (settings.state / "thesis.txt").touch()
    prepare(settings)
    with pytest.raises(StackError, match="was not made by"):
        remove(settings)
    assert (settings.state / "thesis.txt").exists()
