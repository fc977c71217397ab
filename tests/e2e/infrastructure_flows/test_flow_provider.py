"""The real AWS provider behind the flows: data is guarded, drift is found, everything goes when it must."""

import pytest
from premises import ENVIRONMENT, Premises, told, until

from pipeline.state.backend import read_head

ROOT = "small"
pytestmark = pytest.mark.timeout(900)
WISHES = {"value": "one", "bucket": "premises-data", "password": "correct-horse"}


@pytest.fixture
def built(premises: Premises) -> Premises:
    """The small root, applied."""
    premises.wish(**WISHES)
    assert told(premises.run("deploy-infrastructure")).startswith("Completed")
    return premises


def test_the_life_of_an_infrastructure(built: Premises) -> None:
    """Drift by hand is found and told; data is lost only by name; destroying goes on where it was killed."""
    _finds_drift(built)
    _guards_data(built)
    _destroys(built)


def _finds_drift(premises: Premises) -> None:
    premises.access.client("ssm").put_parameter(
        Name="/fixture/setting", Value="unchanged", Description="by hand", Type="String", Overwrite=True
    )
    found = "Failed: aws_ssm_parameter.setting: description one -> by hand"
    assert told(premises.run("detect-drift")).startswith(found)
    assert premises.events("vimbiso.drift.found")[0]["resources"] == ["aws_ssm_parameter.setting"]


def _guards_data(premises: Premises) -> None:
    premises.wish(**WISHES | {"bucket": "premises-other"})
    said = told(premises.run("deploy-infrastructure"))
    assert said.startswith("Failed")
    assert "aws_s3_bucket.data" in said
    assert "premises-data" in buckets(premises)
    allowed = premises.run("deploy-infrastructure", allow_loss=["aws_s3_bucket.data"])
    assert told(allowed).startswith("Completed")
    assert {"premises-data", "premises-other"} & buckets(premises) == {"premises-other"}
    assert not [line for line in premises.log(str(allowed.id)) if "correct-horse" in line]


def _destroys(premises: Premises) -> None:
    said = told(premises.run("destroy", confirm="production"))
    assert said.startswith("Failed")
    assert "type its name" in said
    for number in range(3):
        premises.access.client("s3").put_object(Bucket="premises-other", Key=f"{number}", Body=b"data")
    run, process = premises.begin("destroy", confirm=ENVIRONMENT)
    until(lambda: any("3 removed" in line for line in premises.log(run)), "the bucket was emptied")
    premises.kill(run, process)
    assert told(premises.run("destroy", confirm=ENVIRONMENT)).startswith("Completed")
    head = read_head(premises.home)
    assert head is not None
    assert head.resources == 0
    assert "premises-other" not in buckets(premises)


def buckets(premises: Premises) -> set[str]:
    """Return the names of all buckets."""
    return {bucket["Name"] for bucket in premises.access.client("s3").list_buckets()["Buckets"]}
