"""What a release record tells beside its outcome: how long each step took, and who asked."""

from typing import Any

import pytest

from pipeline.clock import Stopwatch
from pipeline.release.model import requested_by


def test_steps_are_measured_and_added_up() -> None:
    """A step that is done twice, or that fails, still counts what it took."""
    ticks = iter([0.0, 1.5, 10.0, 12.0, 20.0, 20.25])
    watch = Stopwatch(lambda: next(ticks))
    with watch.step("build"):
        pass
    with pytest.raises(ValueError, match="broken"), watch.step("verify"):
        raise ValueError("broken")
    with watch.step("build"):
        pass
    assert watch.seconds == {"build": 1.8, "verify": 2.0}


@pytest.mark.parametrize(
    ("creator", "kind", "labels", "scheduled", "expected"),
    [
        pytest.param("", "", {}, False, "by hand", id="nobody is named"),
        pytest.param("", "", {}, True, "schedule", id="the scheduler"),
        pytest.param("retry", "AUTOMATION", {}, False, "automation retry", id="a named creator"),
        pytest.param("anna", "", {}, False, "anna", id="a person"),
        pytest.param(
            *("", "", {"webhook.repository": "o/r", "webhook.commit": "0123456789abcdef"}, False),
            "webhook: o/r 0123456789ab",
            id="a push",
        ),
    ],
)
def test_who_asked(creator: str, kind: str, labels: dict[str, Any], scheduled: bool, expected: str) -> None:
    """The most telling source counts."""
    assert requested_by(creator, kind, labels, scheduled) == expected
