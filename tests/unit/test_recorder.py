"""The recorder of requests keeps names and who asks, and no value that may be secret."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.recorder.sitecustomize import plain

PROJECT = Path(__file__).parents[2]
RECORDER = PROJECT / "tests/support/recorder"
ASK = """
from pipeline.aws.access import AwsAccess
s3 = AwsAccess("af-south-1", "http://localhost:1", "key", "made-up-secret").client("s3")
s3.generate_presigned_url("put_object", Params={"Bucket": "b", "Key": "sqlite/0", "Metadata": {"a": "b"}})
"""


@pytest.mark.parametrize(
    ("params", "kept"),
    [
        ({"SecretId": "pay/app", "SecretString": "made up"}, {"SecretId": "pay/app"}),
        (
            {"family": "app", "tags": [{"key": "release", "value": "r1"}]},
            {"family": "app", "tags": ["release"]},
        ),
        (
            {"Bucket": "b", "Delete": {"Objects": [{"Key": "k", "VersionId": "v"}]}},
            {"Bucket": "b", "Key": ["k"]},
        ),
        ({"Key": "k", "CopySource": {"Bucket": "c", "Key": "l"}}, {"Key": "k", "CopySource": "c/l"}),
        ({"TableName": "t", "Key": {"LockID": {"S": "made up"}}}, {}),
        (
            {"cluster": "c", "overrides": {"containerOverrides": [{"environment": ["made up"]}]}},
            {"cluster": "c"},
        ),
    ],
)
def test_only_names_are_kept(params: dict[str, Any], kept: dict[str, Any]) -> None:
    """Parameters are chosen by name; whatever is new at AWS is left out."""
    assert plain(params) == kept


def test_what_is_only_signed_is_recorded_too(tmp_path: Path) -> None:
    """A presigned URL is used with the rights of whoever signed it."""
    file = tmp_path / "calls.jsonl"
    path = os.pathsep.join(map(str, (RECORDER, PROJECT)))
    variables = {**os.environ, "PYTHONPATH": path, "VIMBISO_CALLS": str(file)}
    subprocess.run([sys.executable, "-c", ASK], env=variables, check=True, timeout=120)
    (line,) = file.read_text(encoding="utf-8").splitlines()
    params = {"Bucket": "b", "Key": "sqlite/0"}
    assert json.loads(line) == {"service": "s3", "operation": "PutObject", "params": params, "callers": []}
