"""URLs, keys and targets of one live."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from support.live import live_environment

from pipeline.aws.access import AwsAccess
from pipeline.live import LiveEnvironment
from pipeline.outputs import Outputs
from pipeline.sqlite.journal import ENTRY, JournalEntry
from pipeline.sqlite.model import NoDatabaseError, SqliteError, SqliteJobError, job_error
from pipeline.sqlite.restore import checked_target
from pipeline.sqlite.runner import Signer


def live(endpoint: str | None = None) -> LiveEnvironment:
    """Return a live whose bucket is "backups"."""
    outputs = Outputs.model_construct(
        backup_bucket="backups", data_path="/data", databases=("/data/db.sqlite3",), environment="test"
    )
    access = AwsAccess("af-south-1", endpoint, "AKIDEXAMPLE", "secret")
    return live_environment(access, outputs, task_endpoint_url=endpoint)


def test_real_regions_are_signed_with_the_bucket_as_host() -> None:
    """And with version 4, without a checksum of an empty body."""
    url = urlsplit(Signer(live(), 3600).put("a/b"))
    query = parse_qs(url.query)
    assert (url.scheme, url.netloc, url.path) == ("https", "backups.s3.af-south-1.amazonaws.com", "/a/b")
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["4500"]
    assert query["X-Amz-SignedHeaders"] == ["host"]
    assert not [name for name in query if "checksum" in name.lower()]


def test_an_emulator_is_signed_with_the_bucket_in_the_path() -> None:
    """As the task's container reaches it."""
    url = urlsplit(Signer(live("http://host.docker.internal:4566"), 60).get("a"))
    assert (url.netloc, url.path) == ("host.docker.internal:4566", "/backups/a")


def test_the_orders_can_be_read_while_a_task_starts_and_no_longer() -> None:
    """Their URL stands among the task's overrides, for whoever may describe tasks."""
    query = parse_qs(urlsplit(Signer(live(), 3600).orders("a")).query)
    assert query["X-Amz-Expires"] == ["900"]


def test_each_part_has_its_url() -> None:
    """Parts count from one."""
    urls = [parse_qs(urlsplit(url).query) for url in Signer(live(), 60).parts("a", "upload", 3)]
    assert [(query["partNumber"], query["uploadId"]) for query in urls] == [
        ([str(number)], ["upload"]) for number in (1, 2, 3)
    ]


@pytest.mark.parametrize("purpose", ["backup", "restore", "drill", "swap", "unswap"])
def test_started_by_fits_older_endpoints_and_an_attempt_survives_json(purpose: str) -> None:
    """36 characters."""
    attempt = JournalEntry(purpose, "run", "0123456789ab", datetime(2026, 1, 1, tzinfo=UTC), "test")
    assert len(attempt.started_by) <= 36
    assert ENTRY.validate_json(ENTRY.dump_json(attempt)) == attempt


@pytest.mark.parametrize("target", ["/data/new", "/data/sub/new", "/data/db.sqlite3.restored-1"])
def test_a_target_is_a_file_on_the_volume(target: str) -> None:
    """Anywhere below it."""
    assert checked_target(live(), target) == target


@pytest.mark.parametrize(
    "target",
    [
        "/data",
        "/etc/passwd",
        "/data/../etc/passwd",
        "/database/x",
        "new",
        "/data/db.sqlite3",
        "/data/db.sqlite3-wal",
    ],
)
def test_other_targets_are_refused(target: str) -> None:
    """Neither the live database nor a place that ends with the task."""
    with pytest.raises(SqliteError):
        checked_target(live(), target)


@pytest.mark.parametrize(
    ("kind", "error", "said"),
    [
        ("no-database", NoDatabaseError, "there is no file"),
        ("corrupt", SqliteJobError, "restore-sqlite"),
        ("upload-refused", SqliteJobError, "role may write"),
        ("upload-refused", SqliteJobError, "that signed the URL have ended"),
        ("download-refused", SqliteJobError, "that signed the URL have ended"),
        ("unheard-of", SqliteJobError, "(unheard-of)"),
    ],
)
def test_a_failed_job_becomes_an_error_with_a_next_step(
    kind: str, error: type[SqliteJobError], said: str
) -> None:
    """The kind stays readable for code."""
    trouble = "x answered 400 ExpiredToken" if "ended" in said else "there is no file /data/db"
    found = job_error(kind, trouble, "The backup job in task 1")
    assert type(found) is error
    assert found.kind == kind
    assert said in str(found)
