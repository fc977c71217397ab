"""What earlier versions wrote is read, and what this one writes can be read by the version before."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from pipeline.databases.model import KnownDatabases
from pipeline.environment.files import PROJECT
from pipeline.recovery.record import OpenRestore
from pipeline.release.model import ReleaseRecord, Rollout, SchemaChange
from pipeline.sqlite.model import BackupManifest

KEPT = PROJECT / "tests" / "kept"
MODELS: dict[str, type[BaseModel]] = {
    "record": ReleaseRecord,
    "open-attempt": Rollout,
    "schema": SchemaChange,
    "databases": KnownDatabases,
    "in-place": OpenRestore,
    "manifest": BackupManifest,
}
FILES = [pytest.param(path, id=f"{path.parent.name} {path.stem}") for path in sorted(KEPT.glob("*/*.json"))]


def _holds(now: Any, then: Any) -> bool:
    """Whether all that was written then is there, with the same value; more may be."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(key in now and _holds(now[key], then[key]) for key in then)
    if isinstance(then, list):
        return len(now) == len(then) and all(map(_holds, now, then))
    return bool(now == then)


def _written(read: BaseModel) -> Any:
    return json.loads(read.model_dump_json())


@pytest.mark.parametrize("folder", sorted(KEPT.iterdir()), ids=lambda path: path.name)
def test_every_version_keeps_every_kind(folder: Path) -> None:
    """A kind that is new has a file from then on, made by tests/region/keep.py."""
    assert {path.stem for path in folder.iterdir()} <= set(MODELS)
    newest = max(KEPT.iterdir())
    assert folder != newest or {path.stem for path in folder.iterdir()} == set(MODELS)


@pytest.mark.parametrize("path", FILES)
def test_what_was_written_is_read_and_written_again_with_all_its_fields(path: Path) -> None:
    """So a version that goes back finds each field that it knows, with the same value."""
    text = path.read_text(encoding="utf-8")
    assert _holds(_written(MODELS[path.stem].model_validate_json(text)), json.loads(text))


@pytest.mark.parametrize("path", FILES)
def test_fields_of_a_later_version_are_passed_over(path: Path) -> None:
    """At the top and in whatever lies in it."""
    model = MODELS[path.stem]
    then = json.loads(path.read_text(encoding="utf-8"))
    later = {**then, "of_a_later_version": {"more": 1}}
    for name, value in then.items():
        if isinstance(value, dict) and name in ("release", "previous", "checks", "scaling"):
            later[name] = {**value, "of_a_later_version": "more"}
    read, expected = model.model_validate(later), model.model_validate(then)
    assert _written(read) == _written(expected)
