"""A note at the Prefect server of what was registered, so that registering again is quick.

It is read without Prefect, whose import takes longer than all the rest.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import Any

import httpx

from deployments.data_folders import make_data_folders
from deployments.fingerprint import fingerprint
from deployments.paths import PROJECT
from pipeline.environment.loader import environment, environments

_SECONDS = 5.0
_PASSING = frozenset({"updated", "last_polled", "status", "active_slots"})
"""Fields of the server's objects that change though nobody registers or edits anything."""
_UNREADABLE = (httpx.HTTPError, httpx.InvalidURL, ValueError)


def ensure_registered(names: Sequence[str] = ()) -> bool:
    """Register the named environments, or all; return whether there was anything to register.

    Raises:
        PipelineError: as :func:`deployments.register.register`.
    """
    chosen = list(names or environments())
    if _is_current(chosen):
        for name in chosen:
            make_data_folders(environment(name))
        return False
    from deployments.register import register

    register(chosen)
    _note(chosen)
    return True


def _is_current(names: Sequence[str]) -> bool:
    """Whether project, settings and server are as registering left them; in doubt they are not."""
    with suppress(*_UNREADABLE), _server() as server:
        return all(_noted(server, name) == digest for name, digest in _digests(server, names).items())
    return False


def _note(names: Sequence[str]) -> None:
    """Write the notes; without one the next time takes longer, and that is all."""
    from prefect.variables import Variable

    with suppress(*_UNREADABLE), _server() as server:
        for name, digest in _digests(server, names).items():
            Variable.set(_variable(name), digest, overwrite=True)


def _server() -> httpx.Client:
    """Return a client of the server that the shell names; one that only a profile names has no address.

    Raises:
        httpx.HTTPError: at its first request, where there is no address.
    """
    key, login = (os.environ.get(f"PREFECT_API_{name}", "") for name in ("KEY", "AUTH_STRING"))
    user, _, password = login.partition(":")
    return httpx.Client(
        base_url=os.environ.get("PREFECT_API_URL", ""),
        auth=(user, password) if login else None,
        headers={"Authorization": f"Bearer {key}"} if key else {},
        timeout=_SECONDS,
    )


def _variable(name: str) -> str:
    return f"registered-{name}".replace("-", "_")


def _noted(server: httpx.Client, name: str) -> Any:
    return _answer(server.get(f"/variables/name/{_variable(name)}"))["value"]


def _local() -> str:
    """Return what registering depends on here: Prefect's version, the project's files, all settings."""
    settings = [item.model_dump_json() for item in environments().values()]
    return "\n".join(
        (version("prefect"), os.environ.get("PIPELINE_ROOT", ""), fingerprint(PROJECT), *settings)
    )


def _digests(server: httpx.Client, names: Sequence[str]) -> dict[str, str]:
    """Return, by environment, a digest of what registering depends on and of what the server has."""

    def asked(kind: str, **chosen: Any) -> Any:
        return _kept(_answer(server.post(f"/{kind}/filter", json=chosen)))

    common = [_local(), *map(asked, ("block_documents", "work_pools", "automations"))]
    found = {name: asked("deployments", deployments={"name": {"any_": [name]}}) for name in names}
    return {
        name: hashlib.sha256(json.dumps([common, own], sort_keys=True).encode()).hexdigest()
        for name, own in found.items()
    }


def _answer(response: httpx.Response) -> Any:
    return response.raise_for_status().json()


def _kept(value: Any) -> Any:
    """Return a value without the fields that change by themselves."""
    if isinstance(value, dict):
        return {key: _kept(one) for key, one in value.items() if key not in _PASSING}
    return [_kept(one) for one in value] if isinstance(value, list) else value
