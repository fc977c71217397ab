"""The state folder is closed to others, and only a folder of ours is ever removed."""

import os
from pathlib import Path

import pytest
from support.settings import stack_settings

from deployments.local.stack.errors import StackError
from deployments.local.stack.folders import prepare, remove
from deployments.local.stack.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A stack whose folder does not exist yet."""
    return stack_settings(tmp_path / "deep/state", 1, 2, 3)


def test_a_folder_of_ours_is_removed_as_a_whole(settings: Settings) -> None:
    """Made twice, removed, and removed again."""
    prepare(settings)
    prepare(settings)
    remove(settings)
    remove(settings)
    assert not settings.state.exists()


def test_a_folder_with_other_things_is_left_alone(settings: Settings) -> None:
    """VIMBISO_STATE may by mistake name a folder of value, which must neither be closed nor removed."""
    settings.state.mkdir(parents=True, mode=0o755)
    (settings.state / "thesis.txt").touch()
    with pytest.raises(StackError, match=r"holds other things. Set VIMBISO_STATE"):
        prepare(settings)
    with pytest.raises(StackError, match="was not made by"):
        remove(settings)
    assert [path.name for path in settings.state.iterdir()] == ["thesis.txt"]
    assert settings.state.stat().st_mode & 0o777 == 0o755


@pytest.mark.holds("host neighbour", "read")
def test_other_users_are_kept_out(settings: Settings) -> None:
    """The database, its key and the state of the emulated AWS are nobody else's, even if they were open."""
    prepare(settings)
    settings.state.chmod(0o755)
    prepare(settings)
    assert settings.state.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's folder")
def test_another_users_folder_is_refused(settings: Settings) -> None:
    """Its owner could exchange everything in it."""
    settings.state.mkdir(parents=True)
    os.chown(settings.state, 12345, 12345)
    with pytest.raises(StackError, match=r"belongs to another user. Set VIMBISO_STATE"):
        prepare(settings)
