"""What belongs to one environment is useless in another: flows, work pools, blocks and names, all pairs."""

import ast
from itertools import permutations

import pytest
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.schema_tools.validation import is_valid

from deployments.prefect_file import entries, own_schema
from deployments.work_pools import ENGINE_TAG, job_template, pool_of
from pipeline.environment.files import PROJECT
from pipeline.environment.loader import environment, environments
from pipeline.environment.model import Environment
from pipeline.environment.pools import EcsPool, ProcessPool, WorkPool

NAMES = tuple(environments())
PAIRS = tuple(permutations(NAMES, 2))
ECS = EcsPool(
    type="ecs",
    image="registry/pipeline:1",
    cluster="platform",
    subnet_ids=["subnet-1"],
    security_group_ids=["sg-1"],
    log_group="/ecs/flows",
    auth_secret_arn="arn:aws:secretsmanager:af-south-1:123456789012:secret:prefect",
)
ENTRYPOINTS = sorted({entry.entrypoint for name in NAMES for entry in entries(environment(name))})


@pytest.mark.holds("people", "start")
@pytest.mark.parametrize("entrypoint", ENTRYPOINTS)
def test_a_flow_takes_no_other_environment(entrypoint: str) -> None:
    """Whoever may start a deployment of staging starts nothing in production by it: the server refuses."""
    flow = load_flow_from_entrypoint(str(PROJECT / entrypoint), use_placeholder_flow=False)
    for name, asked in ((one, other) for one in NAMES for other in NAMES):
        schema = own_schema(flow, environment(name))
        needed = dict.fromkeys(schema.get("required", []), "x")
        assert is_valid({**needed, "environment": asked}, schema) == (name == asked), (name, asked)


def _pools(item: Environment, pool: WorkPool) -> set[str]:
    own = item.model_copy(update={"work_pool": pool})
    return {pool_of(own, tags) for tags in ([], [ENGINE_TAG])}


@pytest.mark.holds("worker of each environment", "start")
@pytest.mark.parametrize("pool", [ProcessPool(), ECS], ids=["process", "ecs"])
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_no_work_pool_is_shared(one: str, other: str, pool: WorkPool) -> None:
    """A worker that serves one environment is handed no run of another; each pool has queues of its own."""
    assert not _pools(environment(one), pool) & _pools(environment(other), pool)
    mine = environment(one).model_copy(update={"work_pool": pool})
    for entry in entries(mine):
        assert pool_of(mine, entry.tags) not in _pools(environment(other), pool)


@pytest.mark.holds("worker of each environment", "start")
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_tasks_of_flows_have_definitions_of_their_own(one: str, other: str) -> None:
    """On ECS the runs of two environments do not replace each other's task definition."""
    pools = [
        str(job_template(environment(name).model_copy(update={"work_pool": ECS}))) for name in (one, other)
    ]
    assert all(f"-{name}-flows" in pool for name, pool in zip((one, other), pools, strict=True))
    assert f"-{other}-flows" not in pools[0]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_no_name_is_shared(one: str, other: str) -> None:
    """Secrets, images, service, logs and state lie under names of their own."""
    mine, theirs = (_owned(environment(name)) for name in (one, other))
    assert not mine & theirs


def _owned(item: Environment) -> set[str]:
    return {
        item.secrets_block,
        item.secret_name,
        item.names.cluster,
        item.names.service,
        item.names.repository,
        item.names.log_group,
        item.outputs_parameter,
        item.state_bucket,
        item.lock_table,
    }


@pytest.mark.holds("CI of each environment", "approve")
@pytest.mark.holds("webhook", "approve")
def test_the_receiver_goes_on_with_nothing_that_waits() -> None:
    """An approval resumes a paused run: no module of the receiver knows the words for it."""
    words = {"resume_flow_run", "resume", "approve", "create_flow_run_input", "set_flow_run_state_forced"}
    for path in (PROJECT / "deployments/webhook").glob("*.py"):
        tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        names = {
            getattr(node, "attr", "") or getattr(node, "id", "") or getattr(node, "name", "") for node in tree
        }
        assert not names & words, path.name
