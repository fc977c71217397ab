"""Release records and the rollout under way in S3, against moto."""

import json
from collections.abc import Iterator

import pytest
from moto import mock_aws
from release_samples import START, record
from support.refusals import UNREACHABLE, refusing

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.ecs.model import Outcome
from pipeline.release.model import Previous, Release, Rollout
from pipeline.release.store import RecordError, ReleaseStore

BUCKET = "state"
RECORDS = "releases/staging/records/"


ACCESS = AwsAccess("af-south-1", access_key_id="release-store", secret_access_key="x")


@pytest.fixture(scope="module", autouse=True)
def bucket() -> Iterator[None]:
    """A mocked S3 with a bucket for this module."""
    with mock_aws():
        place = {"LocationConstraint": "af-south-1"}
        ACCESS.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        yield


@pytest.fixture
def store() -> Iterator[ReleaseStore]:
    """A store in the empty bucket."""
    yield ReleaseStore(ACCESS, BUCKET, "staging")
    s3 = ACCESS.client("s3")
    for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=item["Key"])


def put(key: str, body: str) -> None:
    """Write an object behind the store's back."""
    ACCESS.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body.encode())


def test_records_come_back_newest_first(store: ReleaseStore) -> None:
    """The order is the one of the rollouts' beginnings; the limit cuts the oldest."""
    for number in (2, 1, 3):
        store.append(record(number))
    assert store.newest() == [record(3), record(2), record(1)]
    assert store.newest(2) == [record(3), record(2)]


def test_good_records_are_found_behind_any_number_of_failures(store: ReleaseStore) -> None:
    """What may be gone back to must not look gone because many attempts failed since."""
    for number in range(1, 4):
        store.append(record(number))
    for number in range(4, 70):
        store.append(record(number, Outcome.FAILED))
    assert store.newest_good() == [record(3), record(2), record(1)]
    assert store.newest_good(1) == [record(3)]


def test_a_record_is_written_once(store: ReleaseStore) -> None:
    """Appending again gives the same key and never changes what was written first."""
    key = store.append(record(1))
    assert key == f"{RECORDS}20250301T120100.000000Z-deploy-1.json"
    assert store.append(record(1, Outcome.FAILED)) == key
    assert store.newest() == [record(1)]


def test_environments_do_not_mix(store: ReleaseStore) -> None:
    """Each environment sees its own records."""
    store.append(record(1))
    assert ReleaseStore(ACCESS, BUCKET, "production").newest() == []


def test_fields_of_a_later_version_are_ignored(store: ReleaseStore) -> None:
    """An older pipeline reads the records of a newer one."""
    put(f"{RECORDS}9.json", record(1).model_dump_json()[:-1] + ', "mood": "fine"}')
    assert store.newest() == [record(1)]


@pytest.mark.parametrize("body", ["{", "{}", "\udcff".encode("utf-8", "surrogatepass").decode("latin-1")])
def test_a_damaged_record_is_an_error(store: ReleaseStore, body: str) -> None:
    """A record that cannot be read is not passed over: the choice of a rollback depends on it."""
    put(f"{RECORDS}9.json", body)
    with pytest.raises(RecordError, match=f"s3://{BUCKET}/{RECORDS}9.json is damaged"):
        store.newest()


ROLLOUT = Rollout(
    release=Release(name="r1", image="repo@sha256:1", digest="sha256:1", task_definition="td:1"),
    primary_before="ecs-svc/0",
    previous=Previous(deployment_id="ecs-svc/0", task_definition="td:0", image_digest=None),
    started_at=START,
)


def test_the_rollout_under_way(store: ReleaseStore) -> None:
    """It is absent, written, written again with the id, and gone."""
    assert store.open_rollout() is None
    store.write_open_rollout(ROLLOUT)
    assert store.open_rollout() == ROLLOUT
    began = ROLLOUT.model_copy(update={"deployment_id": "ecs-svc/1"})
    store.write_open_rollout(began)
    assert store.open_rollout() == began
    store.close_rollout()
    store.close_rollout()
    assert store.open_rollout() is None


@pytest.mark.parametrize(
    ("former", "previous"),
    [
        ("td:0", Previous(deployment_id="ecs-svc/0", task_definition="td:0", image_digest="sha256:0")),
        (None, None),
    ],
    ids=["tasks ran", "nothing ran"],
)
def test_the_note_of_an_earlier_version_is_read(
    store: ReleaseStore, former: str | None, previous: Previous | None
) -> None:
    """A pipeline that is upgraded while a rollout is under way goes on with it."""
    note = {
        "release": "r1",
        "task_definition": "td:1",
        "image_digest": "sha256:1",
        "deployment_id": None,
        "previous_deployment_id": "ecs-svc/0",
        "previous_task_definition": former,
        "previous_image_digest": "sha256:0" if former else None,
        "started_at": START.isoformat(),
        "flow_run": "run",
    }
    put("releases/staging/open-attempt.json", json.dumps(note))
    assert store.open_rollout() == Rollout(
        release=Release(name="r1", image="", digest="sha256:1", task_definition="td:1"),
        primary_before="ecs-svc/0",
        previous=previous,
        started_at=START,
        flow_run="run",
    )


def test_a_damaged_note_of_a_rollout_is_an_error(store: ReleaseStore) -> None:
    """Whoever cannot read it must not begin a second rollout; the message names the object."""
    put("releases/staging/open-attempt.json", "{")
    with pytest.raises(RecordError, match=r"s3://state/releases/staging/open-attempt\.json is damaged"):
        store.open_rollout()


@pytest.mark.parametrize("code", [UNREACHABLE, "InternalError"])
def test_without_an_answer_nothing_is_taken_for_done(store: ReleaseStore, code: str) -> None:
    """Neither an absent rollout nor a written record is made up."""
    s3 = ACCESS.client("s3")
    with (
        refusing(s3, "PutObject", code),
        pytest.raises(AwsError, match="Writing s3://state/releases/staging/records/"),
    ):
        store.append(record(1))
    with (
        refusing(s3, "GetObject", code),
        pytest.raises(AwsError, match="Reading s3://state/releases/staging/open"),
    ):
        store.open_rollout()


def test_a_missing_bucket_names_what_was_tried() -> None:
    """Refusals of S3 name the action and keep the code."""
    missing = ReleaseStore(ACCESS, "missing", "staging")
    for action in (
        lambda: missing.append(record(1)),
        missing.newest,
        missing.open_rollout,
        lambda: missing.write_open_rollout(ROLLOUT),
        missing.close_rollout,
    ):
        with pytest.raises(AwsError, match=r"NoSuchBucket.*(record|open-attempt)") as caught:
            action()
        assert caught.value.code == "NoSuchBucket"
