"""The module for a Prefect server of one's own."""

import subprocess
from pathlib import Path

from terraform_command import ROOT, offline_environment

from deployments.local.setup.terraform import terraform_binary


def test_platform_keeps_its_promises(tmp_path: Path) -> None:
    """A mocked plan is internal, encrypted and backed up, holds no secret, and refuses bad values."""
    environment = offline_environment(tmp_path)
    for words in (["init", "-backend=false", "-input=false", "-lockfile=readonly"], ["test"]):
        done = subprocess.run(
            [terraform_binary(), *words, "-no-color"],
            cwd=ROOT / "platform",
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout
    assert "3 passed, 0 failed" in done.stdout
