"""Premises for the infrastructure flows; a test module chooses by ROOT and APPROVAL what stands on them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient
from premises import ENVIRONMENT, Premises, copy_code, told, until
from support.ports import free_port
from support.serving import served
from support.settings import stack_settings

from deployments.local.stack.environment import child_environment
from deployments.local.stack.settings import REGION


@pytest.fixture(scope="module")
def premises(ground: Premises, request: pytest.FixtureRequest) -> Premises:
    """The environment on the module's root; an earlier module's resources may still be in the state."""
    ground.use(request.module.ROOT)
    ground.demand_approval(getattr(request.module, "APPROVAL", "never"))
    return ground


@pytest.fixture(scope="session")
def ground(
    tmp_path_factory: pytest.TempPathFactory, prefect_home: Callable[[Path], Path]
) -> Iterator[Premises]:
    """A registered environment with its state bucket."""
    folder = tmp_path_factory.mktemp("premises")
    code = folder / "code"
    copy_code(code)
    settings = stack_settings(folder / "state", free_port(), free_port(), free_port())
    own = {
        "PYTHONPATH": str(code),
        "PIPELINE_ROOT": str(code),
        "PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "0.2",
    }
    environment = {**child_environment(settings), **own}
    prefect_home(folder / "state/prefect")
    settings.temporary.mkdir()  # Terraform's providers put their sockets there
    with ExitStack() as servers:
        emulator = {**environment, "GATEWAY_PORT": str(settings.aws_port), "MINISTACK_REGION": REGION}
        vimbiso = [sys.executable, "-m", "deployments"]
        aws = [*vimbiso, "stack", "emulator"]
        servers.enter_context(served(aws, emulator, folder / "aws.log"))
        prefect = [*vimbiso, "stack", "server", "--port", str(settings.prefect_port)]
        servers.enter_context(served(prefect, environment, folder / "prefect.log"))
        until(lambda: _answers(f"{settings.aws_url}/_ministack/health"), "the emulator answers")
        until(lambda: _answers(f"{settings.prefect_url}/api/health"), "the Prefect server answers")
        subprocess.run(
            [*vimbiso, "register", ENVIRONMENT],
            cwd=code,
            env=environment,
            check=True,
            capture_output=True,
        )
        client = servers.enter_context(SyncPrefectClient(f"{settings.prefect_url}/api"))
        found = Premises(code, environment, settings.aws_url, client)
        found.use("plain")
        found.publish_outputs()
        assert told(found.run("bootstrap-state", environment=ENVIRONMENT)).startswith("Completed")
        yield found


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=30, trust_env=False).is_success
    except httpx.HTTPError:
        return False
