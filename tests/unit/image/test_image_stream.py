"""What the classic builder streams."""

from typing import Any

import pytest

from pipeline.image.build import BuildLog
from pipeline.image.request import BuildError, BuildEvent


def _read(log: BuildLog, *messages: dict[str, Any]) -> list[BuildEvent]:
    return [event for message in messages for event in log.read(message)]


def test_steps_and_cache() -> None:
    """Steps are numbered, cached ones counted, the image's id kept."""
    log = BuildLog("demo:1")
    events = _read(
        log,
        {"stream": "Step 1/2 : FROM base\n"},
        {"stream": " ---> abc\n"},
        {"stream": "Step 2/2 : COPY . .\n"},
        {"stream": " ---> Using cache\n"},
        {"aux": {"ID": "sha256:123"}},
        {"stream": "Successfully built 123\n"},
    )
    assert [(event.kind, event.step, event.text) for event in events if event.kind != "output"] == [
        ("step", 1, "FROM base"),
        ("step", 2, "COPY . ."),
        ("cached", 2, "COPY . ."),
    ]
    assert (log.steps, log.cached, log.image_id) == (2, 1, "sha256:123")


def test_lines_split_over_messages() -> None:
    """A line counts when it is whole; colours and redrawn progress bars are left out."""
    log = BuildLog("demo:1")
    events = _read(log, {"stream": "Step 1"}, {"stream": "/1 : RUN x\n\x1b[91mred\x1b[0m\n10%\r90%\r100%\n"})
    assert [event.text for event in events] == ["RUN x", "red", "100%"]


def test_failure_names_the_step_and_its_last_lines() -> None:
    """The error holds the failing step's own lines, not those of the steps before."""
    log = BuildLog("demo:1")
    _read(log, {"stream": "Step 1/3 : RUN a\nfine\n"}, {"stream": "Step 2/3 : RUN b\nbroken thing\n"})
    error = {"error": "x", "errorDetail": {"code": 1, "message": "returned a non-zero code: 1"}}
    with pytest.raises(BuildError) as caught:
        _read(log, error)
    assert caught.value.step == "step 2/3 (RUN b)"
    assert caught.value.tail == ("broken thing",)
    assert str(caught.value) == (
        "broken thing\n"
        "Building demo:1 failed at step 2/3 (RUN b): returned a non-zero code: 1.\n"
        "Its last lines:\n  broken thing"
    )
    assert "fine" not in str(caught.value)


def test_what_a_step_calls_an_error_comes_first() -> None:
    """As what pip says behind two thousand characters of versions, and before what the engine makes of it."""
    log = BuildLog("demo:1")
    missing = f"ERROR: no version (from {'1.2, ' * 400})\nERROR: No matching distribution found for x==9\n"
    _read(log, {"stream": "Step 1/1 : RUN pip install x==9\n"}, {"stream": missing})
    told = str(log.failure("returned a non-zero code: 1")).splitlines()
    assert told[:3] == [
        "No matching distribution found for x==9",
        "Correct x==9 in the requirements.",
        "Building demo:1 failed at step 1/1 (RUN pip install x==9): returned a non-zero code: 1.",
    ]
    assert max(map(len, told)) < 300


def test_pull_is_reported_without_its_progress_bars() -> None:
    """Pulling the base shows what happens, not every byte."""
    messages: list[dict[str, Any]] = [
        {"status": "Pulling from library/python", "id": "3.12"},
        {"status": "Downloading", "progressDetail": {"current": 1, "total": 2}, "id": "a"},
    ]
    assert [event.text for event in _read(BuildLog("demo:1"), *messages)] == ["Pulling from library/python"]
