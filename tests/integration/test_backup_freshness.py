"""Which copies are found, and how old they are, on an emulator."""

import secrets
from datetime import UTC, datetime, timedelta

from maintenance_emulator import aws  # noqa: F401 - a fixture

from pipeline.aws.access import AwsAccess
from pipeline.databases.model import FoundDatabase, KnownDatabases
from pipeline.databases.record import DatabaseRecord
from pipeline.environment.loader import environment
from pipeline.freshness.judge import Freshness, judge
from pipeline.freshness.survey import find_copies
from pipeline.live import LiveEnvironment
from pipeline.logs.archive import archive_day
from pipeline.logs.manifest import ArchiveLocation
from pipeline.outputs import Outputs
from pipeline.sqlite.layout import MANIFEST, UNUSABLE, stem

STAGING = environment("staging")
GROUP = STAGING.names.log_group
OUTPUTS = Outputs.model_construct(
    app=STAGING.app,
    environment=STAGING.name,
    cluster=STAGING.names.cluster,
    service=STAGING.names.service,
    log_group=GROUP,
    backup_bucket="backups",
    databases=("/data/db.sqlite3",),
    log_archive_bucket="archive",
)


def _verdicts(aws: AwsAccess, later: timedelta = timedelta()) -> list[Freshness]:  # noqa: F811 - the fixture's value
    """Return what is said of database, state and log group, as seen so much later."""
    now = datetime.now(UTC) + later
    return [judge(item, now).verdict for item in find_copies(LiveEnvironment(STAGING, aws, OUTPUTS))]


def test_copies_are_missed_found_and_grow_old(aws: AwsAccess) -> None:  # noqa: F811 - the fixture's value
    """A new environment lacks its copies; made, they are fresh; days later, old; a damaged backup is none."""
    s3, home = aws.client("s3"), STAGING.state_bucket
    place = {"LocationConstraint": STAGING.region}
    for bucket in ("backups", "archive", home):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    aws.client("logs").create_log_group(logGroupName=GROUP)
    read: list[str] = []
    s3.meta.events.register("before-call.s3.GetObject", lambda params, **_: read.append(params["url"]))
    assert _verdicts(aws) == [Freshness.MISSING, Freshness.NOT_DUE]  # no release yet, so no database
    known = FoundDatabase(alias="default", vendor="sqlite", path="/data/db.sqlite3", exists=True)
    since = datetime.now(UTC) - timedelta(days=3)
    record = KnownDatabases(release="r1", since=since, databases=(known,))
    DatabaseRecord(aws, "backups", STAGING.name).write(record)
    assert _verdicts(aws) == [Freshness.MISSING, Freshness.MISSING, Freshness.NOT_DUE]

    now = datetime.now(UTC)
    key = stem(STAGING.name, now, secrets.token_hex(4)) + ".gz"
    for name in (key, key + MANIFEST):
        s3.put_object(Bucket="backups", Key=name, Body=b"{}")
    s3.put_object(Bucket=home, Key=f"backups/staging/{now:%Y%m%dT%H%M%S.%fZ}-00000001.tfstate", Body=b"{}")
    archive_day(aws, ArchiveLocation("archive", STAGING.name), GROUP, now.date() - timedelta(days=1))
    assert _verdicts(aws) == [Freshness.FRESH] * 3
    assert _verdicts(aws, timedelta(days=2)) == [Freshness.OLD] * 3

    s3.put_object(Bucket="backups", Key=key + UNUSABLE, Body=b"{}")
    assert _verdicts(aws)[0] is Freshness.MISSING
    assert read
    assert [url for url in read if home in url] == []  # the worker may list the state's bucket, no more
