"""A backup in the live database's place: a service of real containers stops and comes back."""

import secrets
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_support import databases
from sqlite_support.dying import POLICY, dying_restore, health, killed, quiet, restore
from sqlite_support.emulator import emulator, make_live, serve

from pipeline.aws.access import AwsAccess
from pipeline.ecs.model import Outcome
from pipeline.ecs.service import EcsService
from pipeline.live import LiveEnvironment
from pipeline.recovery.carry import RestoreRolledBackError, RestoreSteps, carry_through
from pipeline.recovery.record import OpenRestores, RecoveryError, begin, choose, require_none_open
from pipeline.release.model import Release, ReleaseRecord
from pipeline.sqlite.backup import back_up
from pipeline.sqlite.model import BEFORE_RESTORE, BackupManifest, SqliteJobError
from pipeline.sqlite.store import find_backup, list_backups, read_manifest
from tasks.rollout import begin_rollout

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def access() -> Iterator[AwsAccess]:
    """Run one emulator for the module."""
    with emulator() as found:
        yield found


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a database of ten entries on the volume of its own."""
    (tmp_path / "data").mkdir()
    return databases.make(tmp_path / "data/db.sqlite3", rows=10)


@pytest.fixture
def live(access: AwsAccess, database: Path) -> Iterator[LiveEnvironment]:
    """Return an environment with one running task on that volume."""
    made = make_live(access, database.parent)
    with serve(made):
        yield made


@pytest.fixture
def backup(live: LiveEnvironment, database: Path) -> BackupManifest:
    """Back ten entries up; the live database has fifteen afterwards."""
    made = back_up(live, run_id(), quiet, POLICY)
    databases.add_rows(database, 5)
    return made


def run_id() -> str:
    """Return the id of a new run."""
    return secrets.token_hex(8)


def healthy(_: int) -> str | None:
    """Find nothing wrong."""
    return None


def service(live: LiveEnvironment) -> EcsService:
    """Return the service."""
    return live.service


def roll_out(live: LiveEnvironment) -> None:
    """Begin a rollout as a deployment does."""
    revision = str(live.outputs.task_definition_arn)
    release = Release(name="next", image="repo@sha256:1", digest="sha256:1", task_definition=revision)
    begin_rollout.fn(live, release, timedelta(minutes=1), kind="deploy")


def runs(live: LiveEnvironment) -> tuple[int, bool]:
    """Return how many tasks the service wants, and whether a restore is open."""
    return service(live).require().desired, OpenRestores(live).find() is not None


def other_release(live: LiveEnvironment) -> ReleaseRecord:
    """Return the record of a release on a definition of its own."""
    ecs, now = live.access.client("ecs"), datetime.now(UTC)
    present = ecs.describe_task_definition(taskDefinition=str(live.outputs.task_definition_arn))
    asked = {
        key: present["taskDefinition"][key]
        for key in ("family", "containerDefinitions", "volumes")  # type: ignore[literal-required]
    }
    made = ecs.register_task_definition(networkMode="bridge", **asked)
    return ReleaseRecord(
        release="r1",
        outcome=Outcome.SUCCEEDED,
        message="",
        kind="deploy",
        task_definition=str(made["taskDefinition"]["taskDefinitionArn"]),
        image="",
        image_digest="",
        deployment_id="",
        started_at=now,
        ended_at=now,
    )


@pytest.mark.parametrize("well", [True, False])
def test_the_service_comes_back_on_the_release_of_its_database(
    live: LiveEnvironment, database: Path, backup: BackupManifest, well: bool
) -> None:
    """The older release on the backup, recorded as a rollback; else the newer one on the old database."""
    target, newer = other_release(live), service(live).require().task_definition
    opened = begin(live, run_id(), find_backup(live), quiet, datetime.now(UTC), target=target)
    with nullcontext() if well else pytest.raises(RestoreRolledBackError, match="HTTP 500"):
        carry_through(RestoreSteps(live, health(database, well=well), quiet), opened)
    runs_on = service(live).require().task_definition
    assert (databases.rows(database), runs_on) == ((10, target.task_definition) if well else (15, newer))
    assert runs(live) == (1, False)
    assert [item.kind for item in live.releases.newest()] == (["rollback"] if well else [])


def test_a_backup_takes_the_place_of_the_live_database(
    live: LiveEnvironment, database: Path, backup: BackupManifest
) -> None:
    """Stopped while files change places, back afterwards; the old one is a file and a backup, too."""
    seen: list[int] = []

    def look(_: int) -> str | None:
        seen.append(service(live).require().desired)
        return None

    lines: list[str] = []
    ended = restore(live, RestoreSteps(live, look, lines.append))
    assert databases.rows(database) == 10
    assert databases.rows(database.parent / Path(ended.aside).name) == 15
    assert databases.files(database.parent) == ["db.sqlite3", Path(ended.aside).name]
    assert seen == [1]
    assert runs(live) == (1, False)
    require_none_open(live)
    assert lines.index("No task is left") < next(at for at, line in enumerate(lines) if "backup job" in line)
    safety = find_backup(live, ended.safety)
    manifest = read_manifest(live, safety)
    assert (manifest.reason, manifest.checks.rows["entry"]) == (BEFORE_RESTORE, 15)
    assert list_backups(live)[0] == safety
    assert choose(live, None).key == backup.key


def test_a_damaged_backup_is_refused_before_anything_stops(
    live: LiveEnvironment, database: Path, backup: BackupManifest
) -> None:
    """The service, the database and the volume stay as they are."""
    s3, bucket = live.access.client("s3"), live.outputs.backup_bucket
    body = bytearray(s3.get_object(Bucket=bucket, Key=backup.key)["Body"].read())
    body[len(body) // 2] ^= 1
    s3.put_object(Bucket=bucket, Key=backup.key, Body=bytes(body))
    before = [task.arn for task in service(live).tasks()]
    with pytest.raises(SqliteJobError):
        restore(live, RestoreSteps(live, healthy, quiet))
    assert [task.arn for task in service(live).tasks()] == before
    assert runs(live) == (1, False)
    assert databases.files(database.parent) == ["db.sqlite3"]
    assert databases.rows(database) == 15


def test_an_unhealthy_service_gets_its_old_database_back(
    live: LiveEnvironment, database: Path, backup: BackupManifest
) -> None:
    """What was restored is kept as a file, and the error says why it went."""
    with pytest.raises(RestoreRolledBackError, match="HTTP 500"):
        restore(
            live, RestoreSteps(live, lambda _: "HTTP 500" if databases.rows(database) == 10 else None, quiet)
        )
    assert databases.rows(database) == 15
    assert runs(live) == (1, False)
    assert [name.split("-")[0] for name in databases.files(database.parent)] == [
        "db.sqlite3",
        "db.sqlite3.rejected",
    ]


def test_a_database_that_cannot_be_read_is_replaced_and_kept(
    live: LiveEnvironment, database: Path, backup: BackupManifest
) -> None:
    """No safety backup can be had of it; that is no reason against the restore."""
    database.write_bytes(b"rubbish" * 1000)
    ended = restore(live, RestoreSteps(live, healthy, quiet))
    assert ended.safety is None
    assert databases.rows(database) == 10
    assert (database.parent / Path(ended.aside).name).read_bytes() == b"rubbish" * 1000


@pytest.mark.parametrize("step", ["stop", "exchange", "start", "swap_back"])
def test_a_run_that_was_killed_is_carried_on_by_the_next(
    live: LiveEnvironment, database: Path, backup: BackupManifest, step: str
) -> None:
    """By SIGKILL: forward, or back where it was on its way back; no deployment rolls out meanwhile."""
    killed(dying_restore, live, database, step)
    left = service(live).require()
    with pytest.raises(RecoveryError, match="run restore-sqlite with in_place again"):
        roll_out(live)
    assert [item.id for item in service(live).require().deployments] == [item.id for item in left.deployments]
    unhealthy = step == "swap_back"
    again = RestoreSteps(live, health(database, well=not unhealthy), quiet)
    with pytest.raises(RestoreRolledBackError) if unhealthy else nullcontext():
        restore(live, again)
    assert databases.rows(database) == (15 if unhealthy else 10)
    assert runs(live) == (1, False)
