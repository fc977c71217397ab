"""Which disagreement of state and lock table is made good by itself."""

import hashlib
import json

import pytest
from state_values import head

from pipeline.state.backend import StateBackend
from pipeline.state.lock import is_one_write_behind, read_digest, settle_digest, write_digest
from pipeline.state.model import StateHead

BEFORE, PRESENT = head(3, "b"), head(4, "a")
OF_ANOTHER_LINEAGE = head(4, "a", lineage="other")


@pytest.mark.parametrize(
    ("digest", "before", "present", "expected"),
    [
        (BEFORE.md5, BEFORE, PRESENT, True),
        (BEFORE.md5, BEFORE, head(5, "a"), True),
        (PRESENT.md5, BEFORE, PRESENT, False),
        ("c" * 32, BEFORE, PRESENT, False),
        (None, BEFORE, PRESENT, False),
        (BEFORE.md5, BEFORE, OF_ANOTHER_LINEAGE, False),
        (BEFORE.md5, BEFORE, head(3, "a"), False),
        (BEFORE.md5, BEFORE, head(2, "a"), False),
        (BEFORE.md5, BEFORE, head(4, "b"), False),
    ],
)
def test_only_a_direct_successor_is_one_write_behind(
    digest: str | None, before: StateHead, present: StateHead, expected: bool
) -> None:
    """Anything else was not left by a killed Terraform, and is a person's to decide."""
    assert is_one_write_behind(digest, before, present) is expected


def state(serial: int, lineage: str = "one") -> bytes:
    """A state file."""
    return json.dumps({"version": 4, "serial": serial, "lineage": lineage, "resources": []}).encode()


def md5(body: bytes) -> str:
    """What Terraform keeps of a state in the lock table."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("versions", "digest_of", "settled"),
    [
        ([state(1), state(2)], state(1), True),
        ([state(1), state(2)], state(2), False),
        ([state(1), state(2), state(3)], state(1), False),
        ([state(1), state(2, "other")], state(1), False),
        ([state(1), b"half a sta"], state(1), False),
        ([b"half a sta", state(2)], b"half a sta", False),
        ([state(1)], state(1), False),
        ([], state(1), False),
    ],
)
def test_the_digest_follows_the_present_state(
    home: StateBackend, versions: list[bytes], digest_of: bytes, settled: bool
) -> None:
    """It is written for a direct successor, and left as it is for everything else."""
    for body in versions:
        home.write(home.backend.key, body)
    write_digest(home, md5(digest_of))
    assert settle_digest(home) is settled
    assert read_digest(home) == md5(versions[-1] if settled else digest_of)


def test_a_deleted_state_stays_deleted(home: StateBackend) -> None:
    """Its versions are still there; which of them comes back is a person's to decide."""
    for body in (state(1), state(2)):
        home.write(home.backend.key, body)
    home.delete(home.backend.key)
    write_digest(home, md5(state(1)))
    assert settle_digest(home) is False
    assert read_digest(home) == md5(state(1))
