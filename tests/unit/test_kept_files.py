"""What earlier versions wrote is read, and what this one writes can be read by the version before."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, TypeAdapter
from pyotp import TOTP

from blocks.app_secrets import AppSecrets
from blocks.approver import Approver
from pipeline.approvers import Attempt, judge_code
from pipeline.databases.model import KnownDatabases
from pipeline.environment.files import PROJECT
from pipeline.errors import PipelineError
from pipeline.logs.manifest import DayManifest
from pipeline.recovery.record import OpenRestore
from pipeline.release.model import ReleaseRecord, Rollout, SchemaChange
from pipeline.sqlite.journal import JournalEntry
from pipeline.sqlite.model import BackupManifest
from pipeline.state.model import ConfigurationRecord, RunRecord
from pipeline.state.plans import WaitingPlan
from pipeline.stored import read_stored

KEPT = PROJECT / "tests" / "kept"
KINDS: dict[str, TypeAdapter[Any]] = {
    "record": TypeAdapter(ReleaseRecord),
    "open-attempt": TypeAdapter(Rollout),
    "schema": TypeAdapter(SchemaChange),
    "databases": TypeAdapter(KnownDatabases),
    "in-place": TypeAdapter(OpenRestore),
    "manifest": TypeAdapter(BackupManifest),
    "job": TypeAdapter(JournalEntry),
    "day": TypeAdapter(DayManifest),
    "run": TypeAdapter(RunRecord),
    "configuration": TypeAdapter(ConfigurationRecord),
    "waiting": TypeAdapter(WaitingPlan),
}
"""Objects in buckets."""
REGISTERED = {"block-approver", "block-secrets", "block-environment", "deployments"}
"""Objects on the Prefect server; deployments and the environment's block have tests of their own."""
FILES = [
    pytest.param(path, id=f"{path.parent.name} {path.stem}")
    for path in sorted(KEPT.glob("*/*.json"))
    if path.stem in KINDS
]
_LATER = "of_a_later_version"


def _holds(now: Any, then: Any) -> bool:
    """Whether all that was written then is there, with the same value; more may be."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(key in now and _holds(now[key], then[key]) for key in then)
    if isinstance(then, list):
        return len(now) == len(then) and all(map(_holds, now, then))
    return bool(now == then)


def _read(kind: str, document: Any) -> Any:
    """Read a document as the pipeline does, and return what would be written."""
    adapter = KINDS[kind]
    read = read_stored(adapter, json.dumps(document).encode(), f"The {kind}", PipelineError, "Look.")
    return json.loads(adapter.dump_json(read))


def _kept(kind: str) -> Any:
    return json.loads((max(KEPT.iterdir()) / f"{kind}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", sorted(KEPT.iterdir()), ids=lambda path: path.name)
def test_every_version_keeps_every_kind(folder: Path) -> None:
    """A kind that is new has a file from then on, made by tests/region/keep.py."""
    assert {path.stem for path in folder.iterdir()} <= {*KINDS, *REGISTERED}
    newest = max(KEPT.iterdir())
    assert folder != newest or {path.stem for path in folder.iterdir()} == {*KINDS, *REGISTERED}


@pytest.mark.parametrize("path", FILES)
def test_what_was_written_is_read_and_written_again_with_all_its_fields(path: Path) -> None:
    """So a version that goes back finds each field that it knows, with the same value."""
    then = json.loads(path.read_text(encoding="utf-8"))
    assert _holds(_read(path.stem, then), then)


@pytest.mark.parametrize("path", FILES)
def test_fields_of_a_later_version_are_passed_over(path: Path) -> None:
    """At the top and in whatever lies in it."""
    then = json.loads(path.read_text(encoding="utf-8"))
    later = {**then, _LATER: {"more": 1}}
    for name in {"release", "previous", "checks", "scaling", "plan", "snapshot"} & then.keys():
        if isinstance(then[name], dict):
            later[name] = {**then[name], _LATER: "more"}
    assert _read(path.stem, later) == _read(path.stem, then)


WORDS = {
    ("record", "outcome"): "UNKNOWN",
    ("in-place", "target.outcome"): "UNKNOWN",
    ("in-place", "phase"): None,
    ("configuration", "outcome"): "unknown",
}
"""Closed sets of words in kept objects, and how one of a later version is read; None: it is not."""


def _closed(schema: Mapping[str, Any], node: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield the places of closed sets of words in a JSON schema, whatever object they lie in."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    if "enum" in node or "const" in node:
        yield path
    for name, inner in node.get("properties", {}).items():
        yield from _closed(schema, inner, f"{path}.{name}".lstrip("."))
    for inner in (*node.get("anyOf", ()), *filter(None, (node.get("items"),))):
        yield from _closed(schema, inner, path)


def test_the_table_has_every_closed_set() -> None:
    """Who adds one decides what an older version may do with its words."""
    schemas = {kind: adapter.json_schema(mode="validation") for kind, adapter in KINDS.items()}
    assert {(kind, path) for kind, schema in schemas.items() for path in _closed(schema, schema)} == set(
        WORDS
    )


@pytest.mark.parametrize(("place", "expected"), WORDS.items(), ids=lambda item: "-".join(item or ()))
def test_a_word_of_a_later_version_permits_nothing(place: tuple[str, str], expected: str | None) -> None:
    """It is read as one that is never good; or the error says that a newer version wrote it, and its word."""
    kind, path = place
    document = _kept(kind)
    if path == "target.outcome":
        document["target"] = _kept("record")
    *above, name = path.split(".")
    inner = document[above[0]] if above else document
    inner[name] = _LATER
    if expected is None:
        with pytest.raises(PipelineError, match=rf"newer version.*does not know {path} '{_LATER}'"):
            _read(kind, document)
        return
    read = _read(kind, document)
    assert (read[above[0]] if above else read)[name] == expected
    inner[name] = 5
    with pytest.raises(PipelineError, match=rf"is damaged \({path}: .*\)\. Look\."):
        _read(kind, document)


@pytest.mark.parametrize(
    "path", sorted(KEPT.glob("*/block-approver.json")), ids=lambda path: path.parent.name
)
def test_an_approver_stays_enrolled_and_no_code_serves_twice(path: Path) -> None:
    """An upgrade is no way to give a code once more."""
    block = Approver.model_validate_json(path.read_text(encoding="utf-8"))
    (given,) = block.attempts
    code = SecretStr(TOTP(block.secret.get_secret_value()).at(given.at))
    again = judge_code(block.secret, block.attempts, Attempt(question="another", at=given.at), code)
    assert "used before" in again.fault
    assert not judge_code(block.secret, (), Attempt(question="another", at=given.at), code).fault


@pytest.mark.parametrize("path", sorted(KEPT.glob("*/block-secrets.json")), ids=lambda path: path.parent.name)
def test_secret_values_that_a_person_entered_are_read(path: Path) -> None:
    """All of them, by their keys."""
    text = path.read_text(encoding="utf-8")
    read = {
        key: value.get_secret_value()
        for key, value in AppSecrets.model_validate_json(text).concealed().items()
    }
    assert read == json.loads(text)["values"]
