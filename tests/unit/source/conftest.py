"""Git repositories made for one test."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

_IDENTITY = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false"]


@pytest.fixture
def git() -> Callable[..., str]:
    """Run git in a folder and return what it printed."""

    def run(folder: Path, *arguments: str) -> str:
        command = ["git", *_IDENTITY, *arguments]
        return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()

    return run


@pytest.fixture
def project(tmp_path: Path, git: Callable[..., str]) -> Path:
    """A repository with an application in the folder ``app`` and something else beside it."""
    root = tmp_path / "project"
    app = root / "app"
    app.mkdir(parents=True)
    (app / "Dockerfile").write_text("FROM scratch\nCOPY . .\n")
    (app / ".dockerignore").write_text("*.md\n**/*.log\n")
    (app / "main.py").write_text("print(1)\n")
    (app / "README.md").write_text("about\n")
    (root / ".gitignore").write_text("*.log\n*.env\n")
    (root / "other.txt").write_text("other\n")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "first")
    return root
