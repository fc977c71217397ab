"""Archiving and keeping logs on an emulator."""

import gzip
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

from maintenance_emulator import aws  # noqa: F401 - a fixture

from pipeline.aws.access import AwsAccess
from pipeline.logs.archive import ArchiveOutcome, archive_day, archived_days, verify_day
from pipeline.logs.cloudwatch import apply_retention, list_groups
from pipeline.logs.manifest import ArchiveLocation
from pipeline.logs.retention import LogGroup, days_due, plan_retention

NOW = datetime.now(UTC)
YESTERDAY = NOW.date() - timedelta(days=1)
NOON = int(datetime(YESTERDAY.year, YESTERDAY.month, YESTERDAY.day, 12, tzinfo=UTC).timestamp()) * 1000
PLACE = ArchiveLocation("archive", "test")
GROUP = "/ecs/app-test"
MIB = 1024 * 1024


def _put(aws: AwsAccess, stream: str, events: list[tuple[int, str]]) -> None:  # noqa: F811 - the fixture's value
    client = aws.client("logs")
    for start in range(0, len(events), 10_000):
        batch = [{"timestamp": at, "message": text} for at, text in events[start : start + 10_000]]
        client.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=batch)


def _archived(aws: AwsAccess) -> Counter[tuple[str, int, str]]:  # noqa: F811 - the fixture's value
    body = aws.client("s3").get_object(Bucket="archive", Key=PLACE.part(GROUP, YESTERDAY))["Body"].read()
    rows = (json.loads(line) for line in gzip.decompress(body).splitlines())
    return Counter((row["stream"], row["timestamp"], row["message"]) for row in rows)


def test_a_day_of_several_pages_and_parts_is_complete_with_its_late_events(aws: AwsAccess) -> None:  # noqa: F811 - the fixture's value
    """25,000 events, thousands of one millisecond, two streams; then late ones in the midst."""
    aws.client("s3").create_bucket(
        Bucket="archive", CreateBucketConfiguration={"LocationConstraint": "af-south-1"}
    )
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    chance = random.Random(7)  # noqa: S311 - made-up messages
    first = [(NOON + number // 9_000, chance.randbytes(200).hex()) for number in range(25_000)]
    second = [(NOON, "same"), (NOON, "same"), (NOON - 86_400_000, "the day before")]
    for stream, events in (("app/one", first), ("app/two", second)):
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        _put(aws, stream, sorted(events))
    expected = Counter(("app/one", *event) for event in first) + Counter({("app/two", NOON, "same"): 2})

    written = archive_day(aws, PLACE, GROUP, YESTERDAY)
    assert _archived(aws) == expected
    assert written.manifest.compressed_bytes > 5 * MIB  # more than one read of the file
    assert archive_day(aws, PLACE, GROUP, YESTERDAY).outcome is ArchiveOutcome.UNCHANGED

    late = [(NOON + 1, "late"), (NOON + 1, "late")]
    _put(aws, "app/one", late)
    again = archive_day(aws, PLACE, GROUP, YESTERDAY)
    assert (again.outcome, again.added) == (ArchiveOutcome.WRITTEN, 2)
    assert _archived(aws) == expected + Counter({("app/one", NOON + 1, "late"): 2})

    logs.delete_log_stream(logGroupName=GROUP, logStreamName="app/two")
    kept = archive_day(aws, PLACE, GROUP, YESTERDAY)
    assert (kept.added, kept.preserved) == (0, ("app/two",))
    assert verify_day(aws, PLACE, GROUP, YESTERDAY).events == 25_004
    assert archived_days(aws, PLACE, GROUP) == {YESTERDAY}


def groups_below(access: AwsAccess, prefix: str) -> list[LogGroup]:
    """Return the groups of one test; the emulator has those of others, too."""
    return [group for group in list_groups(access) if group.name.startswith(prefix)]


def test_retention_is_set_where_it_lacks_and_only_once(aws: AwsAccess) -> None:  # noqa: F811 - the fixture's value
    """More groups than one page lists; a longer retention stays."""
    logs = aws.client("logs")
    names = [f"/keep/group-{number:02}" for number in range(55)]
    for name in names:
        logs.create_log_group(logGroupName=name)
        if name != names[0]:
            logs.put_retention_policy(logGroupName=name, retentionInDays=30)
    logs.put_retention_policy(logGroupName=names[1], retentionInDays=90)
    logs.put_retention_policy(logGroupName=names[2], retentionInDays=7)
    plan = plan_retention(groups_below(aws, "/keep/"), names, 30, NOW)
    assert apply_retention(aws, plan).done == (names[0], names[2])
    groups = {group.name: group.retention_days for group in groups_below(aws, "/keep/")}
    assert groups == {**dict.fromkeys(names, 30), names[1]: 90}
    assert plan_retention(groups_below(aws, "/keep/"), names, 30, NOW).changes == ()


def test_a_group_made_today_has_no_day_due(aws: AwsAccess) -> None:  # noqa: F811 - the fixture's value
    """Its first day is not over."""
    aws.client("logs").create_log_group(logGroupName="/new")
    (group,) = groups_below(aws, "/new")
    assert days_due(group, (), datetime.now(UTC).date()) == ()
