"""Registering on a server whose blocks another version of the pipeline wrote."""

import json
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentUpdate
from prefect.testing.utilities import prefect_test_harness
from pydantic import SecretStr

from blocks.deploy_environment import DeployEnvironment
from deployments.register import register_blocks
from pipeline.environment.files import PROJECT
from pipeline.environment.loader import environment

KEPT = sorted((PROJECT / "tests" / "kept").glob("*/block-environment.json"))


def _write(settings: dict[str, Any]) -> None:
    with get_client(sync_client=True) as client:
        found = client.read_block_document_by_name("staging", "deploy-environment", include_secrets=True)
        keys = client.read_block_document_by_name("aws-staging", "aws-credentials")
        data = {
            "settings": settings,
            "source_token": "made up",
            "aws_credentials": {"$ref": {"block_document_id": str(keys.id)}},
        }
        client.update_block_document(found.id, BlockDocumentUpdate(data=data, merge_existing_data=True))


def test_a_block_of_another_version_is_written_anew() -> None:
    """Going back by one, and up from one that lacks a setting; the token that a person entered stays."""
    item = environment("staging")
    plain = item.model_dump(mode="json")
    newer, older = {**plain, "added_later": 1}, {key: plain[key] for key in plain if key != "region"}
    with prefect_test_harness(server_startup_timeout=240):
        register_blocks(item)
        for other in (newer, older):
            _write(other)
            with pytest.raises(RuntimeError, match="failed validation"):
                DeployEnvironment.load("staging")
            register_blocks(item)
            block = DeployEnvironment.load("staging")
            assert isinstance(block, DeployEnvironment)
            assert block.settings == item
            assert block.source_token == SecretStr("made up")
        for path in KEPT:
            _write(json.loads(path.read_text(encoding="utf-8"))["settings"])
            register_blocks(item)
            block = DeployEnvironment.load("staging")
            assert isinstance(block, DeployEnvironment)
            assert (block.settings, block.source_token) == (item, SecretStr("made up"))
