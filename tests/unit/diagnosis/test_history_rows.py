"""The table of releases."""

from datetime import timedelta

import pytest
from diagnosis_samples import BEFORE, LIVE, NOW, record

from pipeline.diagnosis.history import history_rows, took
from pipeline.ecs.model import Outcome
from pipeline.release.model import SchemaChange


def test_a_row_tells_a_release() -> None:
    """When, what, how, by whom and how long; at 1440 pixels the page shows seven columns."""
    item = record(
        by="anna",
        commit="Fix the form (Bo)",
        durations={"build": 61.0, "rollout": 4.2},
        migrations=("a.0001_x",),
        irreversible=True,
    )
    rows = history_rows([item], LIVE, {})
    seen = ["runs", "when (UTC)", "release", "kind", "outcome", "took", "roll back to"]
    assert list(rows[0])[: len(seen)] == seen
    assert rows == [
        {
            "runs": "now",
            "when (UTC)": "2026-03-04 12:00",
            "release": "r7",
            "commit": "Fix the form (Bo)",
            "kind": "deploy",
            "outcome": "SUCCEEDED",
            "by": "anna",
            "took": "5 min 00 s",
            "steps": "build 1 min 01 s, rollout 4.2 s",
            "image": "0123456789ab",
            "revision": "7",
            "roll back to": "is what runs",
            "migrations": "1, irreversible",
        }
    ]


@pytest.mark.parametrize(
    ("item", "unusable", "expected"),
    [
        (record("r6", BEFORE), {BEFORE: None}, "yes"),
        (record("r6", BEFORE), {BEFORE: "its image is gone"}, "no: its image is gone"),
        (record("r6", BEFORE), {}, "not looked at"),
        (record("r6", BEFORE, outcome=Outcome.FAILED), {BEFORE: None}, "no: never was good"),
    ],
    ids=["usable", "image gone", "unknown", "failed"],
)
def test_a_row_says_whether_one_can_go_back(item, unusable, expected) -> None:  # type: ignore[no-untyped-def]
    """What rollback-application would refuse is refused here too."""
    assert history_rows([item], LIVE, unusable)[0]["roll back to"] == expected


def test_a_row_says_what_going_back_would_cross() -> None:
    """Irreversible migrations since the last time that a release ran well ask for a parameter."""
    older, newer = (
        SchemaChange(
            release="r7",
            task_definition=LIVE,
            at=NOW + timedelta(minutes=minutes),
            migrations=("a.0001_x",),
            irreversible={"a.0001_x": "no way back"},
        )
        for minutes in (-60, 60)
    )
    records = [record(), record("r6", BEFORE), record("r6", BEFORE, started_at=NOW - timedelta(days=1))]
    ways = [
        [row["roll back to"] for row in history_rows(records, LIVE, {BEFORE: None}, changes)]
        for changes in ([], [older], [newer])
    ]
    assert ways == [
        ["is what runs", "yes", "yes"],
        ["is what runs", "yes", "yes"],
        ["is what runs", "with accept_schema", "with accept_schema"],
    ]


def test_only_the_newest_good_record_of_what_runs_is_marked() -> None:
    """A release that was deployed twice, or failed at first, runs once."""
    failed = record("r7", outcome=Outcome.UNHEALTHY, ended_at=NOW + timedelta(minutes=9))
    rows = history_rows([failed, record(kind="rollback"), record(), record("r6", BEFORE)], LIVE, {})
    assert [row["runs"] for row in rows] == ["", "now", "", ""]


def test_nothing_is_marked_where_nobody_knows_what_runs() -> None:
    """A service that cannot be read runs nothing for certain."""
    assert [row["runs"] for row in history_rows([record()], None, {})] == [""]


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0.0 s"), (59.94, "59.9 s"), (60, "1 min 00 s"), (3725.4, "62 min 05 s")]
)
def test_durations_are_for_people(seconds: float, expected: str) -> None:
    """Seconds below a minute, minutes above."""
    assert took(seconds) == expected
