"""Makes and removes the folder that holds the stack's state."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from deployments.local.exclusive import exclusive
from deployments.local.stack import secrets
from deployments.local.stack.errors import StackError
from deployments.local.stack.settings import Settings
from deployments.paths import PROJECT

_OURS = ".vimbiso-state"
"""Says that the folder was made by the stack and may be removed as a whole."""


def prepare(settings: Settings) -> None:
    """Make the folders, closed to other users, and the secrets.

    Raises:
        StackError: the folder is somebody else's, or holds other things.
    """
    settings.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    _claim(settings)
    settings.state.chmod(0o700)
    for name in ("aws", "prefect", "logs", "tmp"):
        (settings.state / name).mkdir(exist_ok=True)
    secrets.make_up(settings)


def _claim(settings: Settings) -> None:
    """Mark the folder as the stack's own; one that holds other things may be needed open."""
    own = settings.state == PROJECT / ".local" or (settings.state / _OURS).exists()
    if settings.state.stat().st_uid != os.geteuid():
        raise StackError(f"{settings.state} belongs to another user. Set VIMBISO_STATE to a folder of yours.")
    if not own and any(settings.state.iterdir()):
        raise StackError(f"{settings.state} holds other things. Set VIMBISO_STATE to an empty or new folder.")
    (settings.state / _OURS).touch()


def remove(settings: Settings) -> None:
    """Remove the whole state folder.

    Raises:
        StackError: the folder was not made by the stack or cannot be removed.
    """
    if not settings.state.exists():
        return
    if not (settings.state / _OURS).exists():
        raise StackError(f"{settings.state} was not made by `up`; look into it and remove it yourself.")
    try:
        shutil.rmtree(settings.state)
    except OSError as error:
        raise StackError(
            f"{settings.state} could not be removed: {error}. The application's files belong to its "
            f"container's user; type: sudo rm -rf {settings.state}"
        ) from error


@contextmanager
def one_at_a_time(settings: Settings) -> Iterator[None]:
    """Let one command at a time change the stack."""
    settings.state.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(settings.state.parent):
        yield
