"""One reading of the certificate authorities for all of Prefect's clients in a process."""

import functools
import importlib
import ssl
from types import SimpleNamespace

import certifi

_CLIENTS = ("prefect.client.orchestration", "prefect._internal.version_checking")


def share_authorities() -> None:
    """Let all of Prefect's clients in a process share what was read of the certificate authorities.

    Each reads them for itself, which takes longer than all its requests; a run makes eight. Only contexts
    that name a file are shared: one without is Prefect's for a server that is not to be verified.
    """
    read = functools.cache(ssl.create_default_context)

    def context(*, cafile: str | None = None) -> ssl.SSLContext:
        return read(cafile=cafile) if cafile else ssl.create_default_context()

    shared = SimpleNamespace(**vars(ssl) | {"create_default_context": context})
    for name in _CLIENTS:
        importlib.import_module(name).ssl = shared  # type: ignore[attr-defined]
    context(cafile=certifi.where())
