"""Folders of this machine that are an emulated environment's volumes."""

import os
from pathlib import Path

from pipeline.environment.files import PROJECT
from pipeline.environment.model import Environment
from pipeline.errors import PipelineError


def make_data_folders(item: Environment) -> None:
    """Make a folder for each volume, to which the container's user may write.

    The parent is closed to other users, so that opening the folder to all opens it to containers alone.

    Raises:
        PipelineError: a folder cannot be made.
    """
    if item.data_host_path is None:
        return
    main = PROJECT / item.data_host_path
    for folder in (main, *(main.with_name(f"{main.name}-{name}") for name in item.data.volumes)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _open(folder, item.container.user or "")
        except OSError as error:
            raise PipelineError(f"{folder}, a volume of {item.name}, cannot be made: {error}.") from error


def _open(folder: Path, user: str) -> None:
    uid, _, gid = user.partition(":")
    if os.geteuid() == 0 and uid.isdecimal():
        os.chown(folder, int(uid), int(gid) if gid.isdecimal() else int(uid))
    elif folder.stat().st_uid == os.geteuid():
        folder.chmod(0o777)  # the image alone knows its user's number
