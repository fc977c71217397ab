"""When an earlier version may become the state again."""

import json
from datetime import UTC, datetime

import pytest
from state_values import head

from pipeline.aws.bucket import StoredObject
from pipeline.state.backend import UnreadableStateError, describe
from pipeline.state.model import StateHead
from pipeline.state.restore import PresentState, judge_restore

GOOD, OLD = head(5, "a"), head(3, "b")
CASES = [
    ("lost", PresentState(None, missing=True, digest_agrees=False), OLD, ""),
    ("damaged", PresentState(None, missing=False, digest_agrees=False), OLD, ""),
    ("whole", PresentState(GOOD, missing=False, digest_agrees=True), OLD, "rollback-infrastructure"),
    ("the very same", PresentState(GOOD, missing=False, digest_agrees=True), GOOD, "already"),
    ("the same with a wrong digest", PresentState(GOOD, missing=False, digest_agrees=False), GOOD, ""),
    ("not the expected one", PresentState(GOOD, missing=False, digest_agrees=False), OLD, ""),
    (
        "of another lineage",
        PresentState(GOOD, missing=False, digest_agrees=True),
        head(9, "c", lineage="other"),
        "another lineage",
    ),
]


@pytest.mark.parametrize(
    ("present", "candidate", "expected"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_only_a_lost_or_damaged_state_is_replaced(
    present: PresentState, candidate: StateHead, expected: str
) -> None:
    """An old state orphans what was made since."""
    refusal = judge_restore(present, candidate)
    assert expected in refusal
    assert bool(refusal) == bool(expected)


@pytest.mark.parametrize("body", [b"", b"garbage", b"[]", b"{}", b'{"serial": "x", "lineage": "l"}', b"\xff"])
def test_what_is_no_state_is_told(body: bytes) -> None:
    """The error names object and version, and shows nothing of the content."""
    stored = StoredObject("bucket", "key", body, "v1", "etag", datetime.now(UTC))
    with pytest.raises(UnreadableStateError, match=r"s3://bucket/key \(version v1\).*restore-state"):
        describe(stored)


def test_a_state_is_described_without_its_content() -> None:
    """Serial, lineage, digests and the number of resources."""
    body = json.dumps({"serial": 4, "lineage": "l", "resources": [{"secret": "hidden-value"}]}).encode()
    found = describe(StoredObject("bucket", "key", body, "v1", "etag", datetime.now(UTC)))
    assert (found.serial, found.lineage, found.resources, len(found.md5)) == (4, "l", 1, 32)
    assert "hidden-value" not in repr(found)
