"""The audit of the locked packages: what it says, and how it exits."""

import shutil
import subprocess
from pathlib import Path

import pytest

from deployments.paths import PROJECT


def audit(folder: Path, tool: str, installed: str = "lock") -> subprocess.CompletedProcess[str]:
    """Run the audit where pip-audit does what the text of a shell script says."""
    (folder / "requirements").mkdir()
    shutil.copy(PROJECT / "requirements/audit", folder / "requirements")
    (folder / "requirements/audit.lock").write_text("lock", encoding="utf-8")
    (folder / ".venv/bin").mkdir(parents=True)
    place = folder / ".tools/pip-audit"
    (place / "bin").mkdir(parents=True)
    (place / "installed.lock").write_text(installed, encoding="utf-8")
    (place / "bin/pip-audit").write_text(f"#!/bin/sh\nfor last; do :; done\n{tool}\n", encoding="utf-8")
    (place / "bin/pip-audit").chmod(0o755)
    command = [str(folder / "requirements/audit")]
    variables = {"PATH": "/usr/bin:/bin", "PYTHON": "false"}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("tool", "code", "said"),
    [
        ("exit 0", 0, ""),
        ('echo "django 5.0 CVE-1" > "$last"; exit 1', 1, "django 5.0 CVE-1"),
        ("echo no network >&2; exit 1", 3, "NOT AUDITED: pip-audit got no answer (exit code 1"),
        ("exit 2", 3, "NOT AUDITED: pip-audit got no answer (exit code 2"),
    ],
    ids=["clean", "vulnerable", "offline", "broken"],
)
def test_an_audit_that_failed_is_none(tmp_path: Path, tool: str, code: int, said: str) -> None:
    """Neither clean nor vulnerable: it says that nothing was audited, and where it can be."""
    done = audit(tmp_path, tool)
    assert done.returncode == code, done
    assert said in done.stdout + done.stderr
    assert ("Run it where PyPI can be reached" in done.stderr) is (code == 3)


def test_without_the_tool_nothing_is_audited(tmp_path: Path) -> None:
    """It is fetched by hash, or not at all; one of another lock is not used."""
    done = audit(tmp_path, "exit 0", installed="another lock")
    assert done.returncode == 3
    assert "NOT AUDITED: pip-audit could not be installed." in done.stderr
