"""What a cleanup does when the registry hides something."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from fake_ecr import FakeEcr, access_to, digest_of, image

from pipeline.ecr.apply import apply_cleanup
from pipeline.ecr.model import CleanupPolicy, EcrError, ProtectedImages
from pipeline.ecr.plan import plan_cleanup
from pipeline.ecr.registry import read_inventory

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OLD = NOW - timedelta(days=90)
IMAGES = {
    item.digest: item
    for item in (image("index", OLD, "v1", children=(digest_of("child"),)), image("child", OLD))
}


class Hiding(FakeEcr):
    """Hands out no manifests, or some that are none."""

    text: str | None = None

    def batch_get_image(self, **request: Any) -> dict[str, Any]:
        """Answer less than was asked for."""
        found = super().batch_get_image(**request)["images"]
        return {"images": [{**item, "imageManifest": self.text} for item in found if self.text is not None]}


@pytest.mark.parametrize(
    ("text", "told"), [(None, "does not hand out 1 manifests"), ("{", "is not JSON"), ("", "is not JSON")]
)
def test_an_index_whose_children_are_unknown_keeps_everything(text: str | None, told: str) -> None:
    """A child that is in use may be among what else would go."""
    ecr = Hiding(dict(IMAGES))
    ecr.text = text
    with pytest.raises(EcrError, match=told):
        read_inventory(access_to(ecr), "app")
    assert ecr.images == IMAGES


def test_a_manifest_of_another_kind_lists_nothing() -> None:
    """It is JSON, but no index."""
    ecr = Hiding(dict(IMAGES))
    ecr.text = "[]"
    (index,) = [item for item in read_inventory(access_to(ecr), "app").images if item.tags]
    assert index.children == ()


class Refusing(FakeEcr):
    """Refuses every deletion."""

    error: Exception

    def batch_delete_image(self, **_: Any) -> dict[str, Any]:
        """Refuse."""
        raise self.error


REFUSALS: Sequence[tuple[Exception, str]] = (
    (
        ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "x"),
        "AccessDeniedException",
    ),
    (EndpointConnectionError(endpoint_url="https://ecr.test"), "Unreachable"),
)


@pytest.mark.parametrize(("error", "code"), REFUSALS, ids=[item[1] for item in REFUSALS])
def test_a_refused_deletion_is_a_failure_of_each_image(error: Exception, code: str) -> None:
    """With AWS's code, or the word that there was no answer; nothing is counted as freed."""
    ecr = Refusing({item.digest: item for item in (image(number, OLD) for number in range(3))})
    ecr.error = error
    policy = CleanupPolicy(keep_newest=1, keep_days=30, max_share=1.0)
    plan = plan_cleanup(read_inventory(access_to(ecr), "app"), ProtectedImages(), policy, NOW)
    result = apply_cleanup(access_to(ecr), plan, ProtectedImages, NOW, lambda _: None)
    assert {item.code for item in result.failures} == {code}
    assert result.freed_bytes == 0
