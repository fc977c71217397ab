"""Small file systems of a test's own, which can really be full."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@contextmanager
def small_volume(folder: Path, mebibytes: int) -> Iterator[Path]:
    """Mount a tmpfs of that size there; a test that may not mount is skipped."""
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small volume")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no small volume can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(volume: Path) -> None:
    """Take what is free on the volume, as somebody else's file does."""
    filler = volume / "filler"
    descriptor = os.open(filler, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        for _ in range(20):
            with suppress(OSError):  # a writer was quicker, and there is less by now
                size, free = os.fstat(descriptor).st_size, shutil.disk_usage(volume).free
                if free:
                    os.posix_fallocate(descriptor, size, free)
    finally:
        os.close(descriptor)
    assert shutil.disk_usage(volume).free == 0
