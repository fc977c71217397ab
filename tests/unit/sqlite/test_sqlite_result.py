"""What a job reports is written by the application's own image."""

from datetime import UTC, datetime
from typing import Any

import pytest
from support.live import live_environment

from pipeline.aws.access import AwsAccess
from pipeline.aws.bucket import ObjectHead
from pipeline.outputs import Outputs
from pipeline.sqlite.journal import JournalEntry
from pipeline.sqlite.model import SqliteJobError
from pipeline.sqlite.runner import Runner


@pytest.mark.parametrize(
    ("size", "document", "said"),
    [
        (1 << 30, {}, "reported 1073741824 bytes, which are not read"),
        (9, ValueError("no JSON"), "is no result: no JSON"),
        (9, RecursionError("too deep"), "is no result: too deep"),
    ],
)
def test_a_result_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, size: int, document: Any, said: str
) -> None:
    """Gigabytes are not read into the worker's memory, and nonsense is no defect of the pipeline."""
    outputs = Outputs.model_construct(
        backup_bucket="backups",
        cluster="c",
        data_path="/data",
        databases=("/data/db.sqlite3",),
        environment="test",
    )
    live = live_environment(AwsAccess("af-south-1", None, "AKIDEXAMPLE", "secret"), outputs)
    entry = JournalEntry("drill", "run", "0123456789ab", datetime(2026, 1, 1, tzinfo=UTC), "test")

    def read(*_: object) -> Any:
        assert size < 1000, "it is not read"
        if isinstance(document, Exception):
            raise document
        return document

    monkeypatch.setattr("pipeline.sqlite.store.BackupStore.head", lambda *_: ObjectHead("etag", size))
    monkeypatch.setattr("pipeline.sqlite.store.BackupStore.document", read)
    with pytest.raises(SqliteJobError, match=said):
        Runner(live, entry, 60, print)._result()
