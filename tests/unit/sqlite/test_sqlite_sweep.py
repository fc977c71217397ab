"""Smoke tests that killed runs have left."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from moto import mock_aws
from support.live import live_environment

from pipeline.aws.access import AwsAccess
from pipeline.outputs import Outputs
from pipeline.sqlite.sweep import sweep

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACCESS = AwsAccess("af-south-1", access_key_id="sqlite-sweep", secret_access_key="x")
LIVE = live_environment(ACCESS, Outputs.model_construct(environment="test", backup_bucket="backups"))


@pytest.mark.parametrize(("minutes", "stops"), [(61, ["t"]), (59, [])])
def test_a_sweep_stops_a_smoke_test_that_a_killed_run_left(
    monkeypatch: pytest.MonkeyPatch, minutes: int, stops: list[str]
) -> None:
    """Nobody else would, until the next deployment; a younger one may be at work."""
    began = NOW - timedelta(minutes=minutes)
    left, stopped = SimpleNamespace(arn="t", id="t", started_by="smoke-test-1", created_at=began), list[str]()
    tasks = SimpleNamespace(left_behind=lambda _: (left,), stop=lambda arn, _: stopped.append(arn))
    monkeypatch.setattr(type(LIVE), "one_off_tasks", tasks)
    with mock_aws():
        place = {"LocationConstraint": "af-south-1"}
        ACCESS.client("s3").create_bucket(Bucket="backups", CreateBucketConfiguration=place)
        told = sweep(LIVE, NOW)
    assert stopped == stops
    assert told == tuple(f"Stopped smoke-test-1, task {item}, left by a killed run" for item in stops)
