"""One process that surveys and, where nothing is pending, goes on as the application."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.ecs.oneoff import OneOff, run_task_request
from pipeline.migrations.model import rehearsal_command

START = (sys.executable, "-c", "import os; print('serves', os.getpid())")


def rehearsed(survey: str, patience: int = 0) -> tuple[int, list[str]]:
    """Run the program with this in the place of Django's answer; return code and lines."""
    _, _, code, *words = rehearsal_command((sys.executable, "-c", survey), START, patience)
    code = "import os; print('is', os.getpid(), flush=True)\n" + code.replace("sleep(2)", "sleep(0.1)")
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout.splitlines()


def test_it_goes_on_in_the_same_process_where_nothing_is_pending() -> None:
    """The application is the container's first process, as in the service, and the answer stands before."""
    code, lines = rehearsed("print('VIMBISO-DATABASE {}'); print('VIMBISO-MIGRATIONS 0')")
    assert code == 0
    assert lines[1:3] == ["VIMBISO-DATABASE {}", "VIMBISO-MIGRATIONS 0"]
    assert lines[3].partition(" ")[2] == lines[0].partition(" ")[2]


@pytest.mark.parametrize(
    ("survey", "expected"),
    [
        ("print('VIMBISO-MIGRATIONS 1')", 0),
        ("print('VIMBISO-MIGRATIONS 10')", 0),
        ("print('VIMBISO-UNREADABLE \"x\"')", 0),
        ("raise SystemExit(3)", 3),
        ("print('VIMBISO-MIGRATIONS 0', flush=True); raise SystemExit(3)", 3),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137),
    ],
    ids=["pending", "ten", "unreadable", "failed", "failed-in-the-end", "killed"],
)
def test_it_starts_nothing_otherwise(survey: str, expected: int) -> None:
    """What the application does when it starts, migrating too, is for a database that was backed up."""
    code, lines = rehearsed(survey)
    assert code == expected
    assert not any("serves" in line for line in lines)


def test_it_waits_in_silence_until_somebody_has_migrated(tmp_path: Path) -> None:
    """An error on the way is one of a database that is being migrated; in the end the application starts."""
    place = tmp_path / "asked"
    survey = (
        f"import pathlib; p = pathlib.Path({str(place)!r}); n = len(p.read_text()) if p.exists() else 0; "
        "p.write_text('x' * (n + 1)); "
        "print(['VIMBISO-MIGRATIONS 2', 'VIMBISO-UNREADABLE \"locked\"', 'VIMBISO-MIGRATIONS 0'][n])"
    )
    code, lines = rehearsed(survey, patience=60)
    assert (code, place.read_text()) == (0, "xxx")
    assert [line.partition(" ")[0] for line in lines] == ["is", "serves"]


def test_it_does_not_wait_for_ever() -> None:
    """Whoever was to migrate may be gone."""
    code, lines = rehearsed("print('VIMBISO-MIGRATIONS 1')", patience=1)
    assert code == 0
    assert len(lines) == 1


def test_it_fits_into_a_task() -> None:
    """RunTask accepts so many characters; a start command of usual length is among them."""
    command = rehearsal_command(
        ("python", "manage.py"), ("gunicorn", "--bind", "0.0.0.0:8000", "a.wsgi" * 20)
    )
    assert run_task_request(OneOff("c", "td:1", "app", "smoke-test-td-1", command))


def test_it_ends_at_once_when_it_is_told_to() -> None:
    """A container's first process that has no way with SIGTERM has to be killed half a minute later."""
    survey = "import time; print('VIMBISO-MIGRATIONS 0', flush=True); time.sleep(20)"
    _, _, code, *words = rehearsal_command((sys.executable, "-c", survey), START, 0)
    with subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.PIPE) as asked:
        assert asked.stdout is not None
        assert asked.stdout.readline() == b"VIMBISO-MIGRATIONS 0\n"
        asked.terminate()
        assert asked.wait(60) == 143
