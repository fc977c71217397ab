"""The gate of the alarms."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.aws.access import AwsAccess
from pipeline.delivery.evidence import read_alarms, with_alarms
from pipeline.delivery.model import Alarm, Verification
from pipeline.ecs.model import Outcome

BEGAN = datetime(2025, 3, 1, 12, tzinfo=UTC)
EARLIER, LATER = BEGAN - timedelta(hours=1), BEGAN + timedelta(minutes=1)
GOOD = Verification(Outcome.SUCCEEDED, "2 tasks healthy.")


@pytest.mark.parametrize(
    ("alarm", "outcome", "said"),
    [
        (Alarm("5xx", "OK", LATER), Outcome.SUCCEEDED, "2 tasks healthy."),
        (Alarm("5xx", "INSUFFICIENT_DATA", LATER), Outcome.SUCCEEDED, "2 tasks healthy."),
        (Alarm("5xx", "ALARM", LATER), Outcome.UNHEALTHY, "In alarm since the rollout began: 5xx."),
        (Alarm("5xx", "ALARM", EARLIER), Outcome.SUCCEEDED, "by this release: 5xx."),
        (Alarm("backup-age", "ALARM", LATER), Outcome.SUCCEEDED, "by this release: backup-age."),
    ],
    ids=["quiet", "too little data", "went off", "was red before", "of another thing"],
)
def test_only_an_alarm_of_this_rollout_speaks_against_it(alarm: Alarm, outcome: Outcome, said: str) -> None:
    """What was red before is told, and no release's fault."""
    found = with_alarms(GOOD, [alarm], BEGAN, ["5xx"])
    assert found.outcome is outcome
    assert found.message.endswith(said)


def test_a_failed_gate_stays_what_it_is() -> None:
    """Alarms explain no other outcome away."""
    failed = Verification(Outcome.SUPERSEDED, "no longer PRIMARY")
    assert with_alarms(failed, [Alarm("5xx", "ALARM", LATER)], BEGAN, ["5xx"]) == failed


class Cloud(AwsAccess):
    """CloudWatch with one alarm, which refuses more than a hundred names."""

    def client(self, service: str, **_: Any) -> Any:
        """Return itself."""
        assert service == "cloudwatch"
        return self

    def describe_alarms(self, AlarmNames: list[str], MaxRecords: int, AlarmTypes: list[str]) -> Any:  # noqa: N803 - boto3's names
        """Answer as CloudWatch does."""
        assert len(AlarmNames) <= MaxRecords == 100
        assert AlarmTypes == ["MetricAlarm"]
        alarm = {
            "StateValue": "ALARM",
            "StateTransitionedTimestamp": EARLIER,
            "StateUpdatedTimestamp": LATER,
            "StateReason": "threshold crossed",
        }
        return {"MetricAlarms": [{**alarm, "AlarmName": name} for name in AlarmNames]}


def test_reading_counts_from_the_change_of_state() -> None:
    """An alarm that stays red is updated now and then; that does not make it new. Many take several calls."""
    found = read_alarms(Cloud("af-south-1"), [f"a{number}" for number in range(150)])
    assert len(found) == 150
    assert found[0] == Alarm("a0", "ALARM", EARLIER, "threshold crossed")


def test_an_environment_without_alarms_is_not_asked() -> None:
    """Where Terraform made none there is nothing to look at."""
    assert read_alarms(AwsAccess("af-south-1"), ()) == ()
