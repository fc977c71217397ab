"""The emulated AWS forgets what AWS forgets, and nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from ministack.services import ecr  # type: ignore[import-untyped] # has no types
from moto import mock_aws

from deployments.local.stack.aging import (
    forget_events,
    forget_tasks,
    past_versions,
    remove_layers,
    remove_versions,
)

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def ago(**span: float) -> datetime:
    """Return a moment before now."""
    return NOW - timedelta(**span)


def iso(moment: datetime) -> str:
    """Write a moment as MiniStack does."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def test_a_stopped_task_is_told_of_for_an_hour() -> None:
    """One that runs stays however old it is."""
    tasks = {
        "running": {"createdAt": iso(ago(days=300)), "stoppedAt": None},
        "just stopped": {"stoppedAt": iso(ago(minutes=59))},
        "long stopped": {"stoppedAt": iso(ago(minutes=61))},
    }
    forget_tasks(tasks, NOW)
    assert list(tasks) == ["running", "just stopped"]


def stream(*days: float) -> dict[str, Any]:
    """A stream that was made with its first event; an event for each number of days ago."""
    at = [int(ago(days=item).timestamp() * 1000) for item in days]
    return {"creationTime": at[0], "events": [{"timestamp": item} for item in at]}


def test_events_end_with_their_groups_retention() -> None:
    """A group without one keeps all; a stream that has just been made has no events yet, and stays."""
    young = {"creationTime": int(NOW.timestamp() * 1000), "events": []}
    groups = {
        "kept": {"retentionInDays": None, "streams": {"old": stream(400)}},
        "a month": {
            "retentionInDays": 30,
            "streams": {"old": stream(60, 31), "both": stream(31, 29), "new": young},
        },
    }
    forget_events(groups, NOW)
    assert [len(item["events"]) for item in groups["kept"]["streams"].values()] == [1]
    assert {name: len(item["events"]) for name, item in groups["a month"]["streams"].items()} == {
        "both": 1,
        "new": 0,
    }


def test_a_layer_goes_when_two_looks_find_it_unused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the first look it may belong to a push that goes on."""
    monkeypatch.setattr(ecr, "get_state", dict)
    old, young = tmp_path / "old", tmp_path / "young"
    old.touch()
    unused = remove_layers(tmp_path, frozenset())
    young.touch()
    assert remove_layers(tmp_path, unused) == {young}
    assert [path.name for path in tmp_path.iterdir()] == ["young"]


def version(key: str, days: float, *, latest: bool = False) -> dict[str, Any]:
    """A version, or a marker, that was written so long ago."""
    return {"Key": key, "VersionId": f"{key}-{days}", "LastModified": ago(days=days), "IsLatest": latest}


def test_a_version_ends_90_days_after_it_was_replaced() -> None:
    """Not after it was written; what is the latest stays, unless it is the marker of a removal."""
    pages = [
        {"Versions": [version("state", 1, latest=True), version("state", 100)]},
        {"Versions": [version("state", 300), version("state", 400)]},
        {
            "Versions": [version("still", 900, latest=True), version("undone", 200)],
            "DeleteMarkers": [version("undone", 91, latest=True)],
        },
    ]
    gone = ["state-300", "state-400", "undone-91", "undone-200"]
    assert [name for _, name in past_versions(pages, NOW)] == gone


def test_what_was_removed_is_not_there_again() -> None:
    """Its versions go before its marker; an object that is there stays as it is."""
    with mock_aws():
        s3 = boto3.client("s3", "af-south-1", aws_access_key_id="x", aws_secret_access_key="x")
        s3.create_bucket(Bucket="kept-bucket", CreateBucketConfiguration={"LocationConstraint": "af-south-1"})
        s3.put_bucket_versioning(Bucket="kept-bucket", VersioningConfiguration={"Status": "Enabled"})
        for key in ("gone", "there"):
            for body in (b"1", b"2"):
                s3.put_object(Bucket="kept-bucket", Key=key, Body=body)
        s3.delete_object(Bucket="kept-bucket", Key="gone")
        remove_versions(s3, datetime.now(UTC) + timedelta(days=91))
        left = s3.list_object_versions(Bucket="kept-bucket")
    assert [(item["Key"], item["IsLatest"]) for item in left["Versions"]] == [("there", True)]
    assert "DeleteMarkers" not in left
