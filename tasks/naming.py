"""Names a run in the UI once it is known what it deploys."""

from contextlib import suppress
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectException
from prefect.runtime import flow_run

from pipeline.live import LiveEnvironment
from tasks.support import step


@step
def name_run(live: LiveEnvironment, release: str, asked: str = "") -> None:
    """Name the present run ``staging: 1f2e3d (v1.2)``; a server that is away keeps no run from its work."""
    if flow_run.id is None:
        return
    name = f"{live.name}: {release}{f' ({asked})' if asked not in ('', release) else ''}"
    with suppress(httpx.HTTPError, PrefectException), get_client(sync_client=True) as client:
        client.update_flow_run(UUID(flow_run.id), name=name)
