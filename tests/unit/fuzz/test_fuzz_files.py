"""Files and parameters that people or other programs wrote are understood, or refused in one clear error."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mutations import JSON, damaged, damaged_text

from pipeline.aws.bucket import StoredObject
from pipeline.environment.loader import EnvironmentsFileError, load_environments
from pipeline.environment.model import Environment
from pipeline.outputs import Outputs, OutputsError, parse_outputs
from pipeline.state.backend import describe
from pipeline.state.model import StateError, StateHead, parse_lock

PROJECT = Path(__file__).parents[3]
TOML = (PROJECT / "deployments/environments.toml").read_text(encoding="utf-8")
LOCK = {
    "ID": "5a0e",
    "Operation": "OperationTypeApply",
    "Who": "me@here",
    "Created": "2026-01-01T10:00:00.123456789Z",
    "Path": "bucket/key",
}
STATE = {"version": 4, "serial": 7, "lineage": "4f0c", "resources": [{}, {}]}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SEVERAL = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_toml(path: Path, content: bytes) -> dict[str, Environment]:
    """Load the environments of a file with this content."""
    path.write_bytes(content)
    return load_environments(path, {"HOME": "somewhere"})


@SEVERAL
@given(st.binary(max_size=200) | damaged_text(TOML).map(lambda text: text.encode(errors="replace")))
def test_environments_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    """Whatever the file holds, it gives environments or one error that names every problem."""
    try:
        found = read_toml(tmp_path / "environments.toml", content)
    except EnvironmentsFileError as error:
        assert error.problems  # noqa: PT017 - refusing is one of two right answers
    else:
        assert all(isinstance(item, Environment) for item in found.values())


def test_the_files_own_text_is_read(tmp_path: Path) -> None:
    """What the damage starts from is sound."""
    assert set(read_toml(tmp_path / "environments.toml", TOML.encode())) >= {"staging", "production"}


@given(JSON.map(json.dumps) | st.text(max_size=50))
def test_outputs_are_read_or_refused(document: str) -> None:
    """The SSM parameter may hold anything; the error names it."""
    try:
        assert isinstance(parse_outputs(document, "/app/env/pipeline"), Outputs)
    except OutputsError as error:
        assert "/app/env/pipeline" in str(error)  # noqa: PT017 - refusing is one of two right answers


@given(damaged(LOCK).map(json.dumps) | st.text(max_size=50))
def test_a_lock_is_read_or_refused(raw: str) -> None:
    """A lock that is understood has an age."""
    try:
        lock = parse_lock(raw)
    except StateError:
        return
    assert datetime.now(UTC) - lock.created


@example(json.dumps({**STATE, "serial": float("inf")}).encode())
@given(damaged(STATE).map(json.dumps).map(str.encode) | st.binary(max_size=50))
def test_a_state_is_described_or_refused(body: bytes) -> None:
    """A damaged state is named as such, with what brings an earlier one back."""
    try:
        assert isinstance(describe(StoredObject("bucket", "key", body, "v1", "etag", NOW)), StateHead)
    except StateError as error:
        assert "restore-state" in str(error)  # noqa: PT017 - refusing is one of two right answers


@pytest.mark.parametrize("raw", [json.dumps({**LOCK, "Created": "2026-01-01T10:00:00"})])
def test_a_lock_without_time_zone_is_in_utc(raw: str) -> None:
    """An age can be told."""
    assert parse_lock(raw).created == datetime(2026, 1, 1, 10, tzinfo=UTC)
