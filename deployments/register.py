"""Registers with Prefect what the flows need: blocks, work pools, deployments, automations."""

import secrets
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeVar, cast
from uuid import UUID

from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL
from prefect.types import SecretDict
from prefect_aws import AwsCredentials
from pydantic import SecretStr

from blocks.app_secrets import AppSecrets
from blocks.deploy_environment import DeployEnvironment
from blocks.sns_topic import SnsTopic
from deployments.automations.registrar import register_automations
from deployments.data_folders import make_data_folders
from deployments.prefect_file import deploy
from deployments.work_pools import register_work_pools
from pipeline.environment.files import PROJECT
from pipeline.environment.loader import environment, environments
from pipeline.environment.model import Environment
from pipeline.errors import PipelineError

_UNCHECKED_KEY = "emulator"
B = TypeVar("B", AwsCredentials, DeployEnvironment, AppSecrets)


def register(names: Sequence[str] | None = None) -> None:
    """Register the named environments, or all.

    Raises:
        UnknownEnvironmentError: a name that environments.toml does not describe.
        UnknownSourceError: one is built from a repository that no variable names.
        PipelineError: no Prefect server is named.
    """
    chosen = [environment(name) for name in names or environments()]
    if not PREFECT_API_URL.value():
        raise PipelineError(
            "Which Prefect server? Set PREFECT_API_URL (or log in to Prefect Cloud), then run again."
        )
    with get_client(sync_client=True) as client:
        for item in chosen:
            make_data_folders(item)
            register_blocks(item)
        for item in chosen:
            register_work_pools(client, item)
            deploy(client, item)
        if not _schema(SnsTopic):
            SnsTopic.register_type_and_schema()
        for item in chosen:
            register_automations(client, item, _print)


def register_blocks(item: Environment) -> None:
    """Write the environment's block; credentials and secrets that a person entered stay as they are."""
    saved = _saved(AwsCredentials, f"aws-{item.name}")
    credentials = _new_credentials(item) if saved is None or _outdated(item, saved) else saved
    present = _readable(item.name)
    token = present.source_token if present else _source_token(item.name)
    same = present is not None and credentials is saved and present.settings == item
    if present is None or not same or present._block_schema_id != _schema(DeployEnvironment):
        block = DeployEnvironment(settings=item, aws_credentials=credentials, source_token=token)
        block.save(item.name, overwrite=True)
    if item.emulated:
        _make_up_secrets(item)


def _schema(kind: type[Block]) -> UUID | None:
    """Return the server's id of a block type's schema as the code has it now; None where it has none.

    To ask is quick; to save a block takes a second.
    """
    with get_client(sync_client=True) as client, suppress(ObjectNotFound):
        return client.read_block_schema_by_checksum(kind._calculate_schema_checksum()).id
    return None


def _saved(kind: type[B], name: str) -> B | None:
    try:
        return cast("B", kind.load(name))
    except ValueError:
        return None


def _readable(name: str) -> DeployEnvironment | None:
    """Return an environment's block; None for one that another version wrote in its own form, too."""
    with suppress(RuntimeError):
        return _saved(DeployEnvironment, name)
    return None


def _source_token(name: str) -> SecretStr | None:
    """Return the token that a person entered into a block, whatever else is in it."""
    kind = DeployEnvironment._block_type_slug or ""
    with get_client(sync_client=True) as client, suppress(ObjectNotFound):
        token = client.read_block_document_by_name(name, kind, include_secrets=True).data.get("source_token")
        return SecretStr(token) if token else None
    return None


def _new_credentials(item: Environment) -> AwsCredentials:
    """An emulator's key id is its account; elsewhere the worker's own credentials serve until keys come."""
    block = AwsCredentials(region_name=item.region)
    if item.emulated:
        block.aws_access_key_id = item.account_id
        block.aws_secret_access_key = _emulators_key(item)
    block.save(f"aws-{item.name}", overwrite=True)
    return block


def _emulators_key(item: Environment) -> SecretStr:
    """Return the key that the emulator made up; one without a key of its own takes any."""
    file = PROJECT / item.aws_secret_key_file if item.aws_secret_key_file else None
    made_up = file.read_text(encoding="utf-8").strip() if file and file.exists() else ""
    return SecretStr(made_up or _UNCHECKED_KEY)


def _outdated(item: Environment, block: AwsCredentials | None) -> bool:
    """Whether an earlier version made the block up, with a key that everybody knows."""
    key = block.aws_secret_access_key if block else None
    emulated = item.emulated
    return emulated and key is not None and key.get_secret_value() == _UNCHECKED_KEY


def _make_up_secrets(item: Environment) -> None:
    """An emulated environment talks to nobody: random values will do, also for keys that come later."""
    name = item.secrets_block
    saved = _saved(AppSecrets, name)
    kept = saved.values.get_secret_value() if saved else {}
    if set(item.all_secret_keys) - set(kept):
        made = {key: secrets.token_urlsafe(32) for key in item.all_secret_keys}
        AppSecrets(values=SecretDict({**made, **kept})).save(name, overwrite=True)


def _print(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
