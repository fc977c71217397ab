"""Every role may do what is done with it, nothing else, and nothing in another environment.

What is done comes from recorded calls, and is judged as AWS judges, by AWS's own reference of actions,
resource types and condition keys. It does not show what only an account knows: service control policies,
service-linked roles, delays until a policy works.
"""

import json
from itertools import chain

import pytest
from agents import DOCKER_PUSH, FLOW_LOGS, definitions, mounting, prefect_worker, starting
from called_actions import called_actions
from planned import ACCOUNT, Planned
from policy_mutations import MUTATIONS, TOO_MUCH, Mutation
from reach import granted, is_reading, reach, unbound
from support.rights.asks import Site, asks
from support.rights.calls import Call
from support.rights.policy import Ask, denied, is_allowed
from support.rights.sample import sample
from terraform_command import ROOT

# Rights that nothing is known to use. The list may only become shorter.
UNPROVEN: dict[str, set[str]] = {}
# What AWS can hold to a resource and the worker still reads everywhere: else it sees no composite alarms.
ACCOUNT_WIDE = {"cloudwatch:DescribeAlarms"}


@pytest.fixture(scope="session", params=["staging", "production"])
def environment(request: pytest.FixtureRequest) -> Planned:
    """Each environment."""
    planned: Planned = request.getfixturevalue(request.param)
    return planned


@pytest.fixture(scope="session")
def platform_site(platform: Planned) -> Site:
    """Where the platform's worker asks."""
    roles = (f"arn:aws:iam::{ACCOUNT}:role/prefect-{name}" for name in ("client-execution", "flow"))
    return Site(ACCOUNT, key=platform.key, roles=tuple(roles))


def used(planned: Planned) -> dict[str, list[Ask]]:
    """Return what is asked for with each role of an environment."""
    site, outputs = planned.site, planned.outputs
    (definition,) = definitions(planned, outputs["execution_role_arn"].rpartition("/")[2])
    repository = {"RepositoryName": outputs["repository_name"]}
    webhook = next(arn for arn in _secrets(planned) if "/webhook-" in arn)
    group = {"LogGroupName": f"/vpc/{outputs['task_family']}", "LogStreamName": "eni-0"}
    flows = chain(*(asks(call, site) for call in sample(planned.known)))
    return {
        "worker": [*flows, *chain(*(site.ask(action, repository) for action in DOCKER_PUSH))],
        "execution": list(starting(definition, site)),
        "ci": asks(Call("secretsmanager", "GetSecretValue", {"SecretId": webhook}), site),
        "network flow": list(chain(*(site.ask(action, group) for action in FLOW_LOGS))),
    }


def _secrets(planned: Planned) -> list[str]:
    return [values["arn"] for values in planned.of_type("aws_secretsmanager_secret").values()]


@pytest.mark.holds("application container", "read")
@pytest.mark.parametrize("role", ["worker", "execution", "ci", "network flow"])
def test_a_role_may_do_what_is_done_with_it(environment: Planned, role: str) -> None:
    """A call that is denied here is denied on AWS; the line says which statement lacks."""
    assert denied(environment.roles[role], used(environment)[role]) == []


@pytest.mark.holds("CI of each environment", "read")
def test_a_right_is_used(environment: Planned) -> None:
    """A right that nothing uses serves an intruder alone."""
    asked = {role: {ask.action for ask in found} for role, found in used(environment).items()}
    idle = {role: granted(statements) - asked[role] for role, statements in environment.roles.items()}
    assert {role: actions for role, actions in idle.items() if actions} == UNPROVEN


def test_every_call_in_the_code_is_in_the_sample(staging: Planned) -> None:
    """What the code calls and no line of the sample shows is not judged; sample.py says how to renew it."""
    asked = {ask.action for ask in used(staging)["worker"]}
    assert {action: files for action, files in called_actions().items() if action not in asked} == {}


def test_every_right_stands_by_its_name(environment: Planned) -> None:
    """A pattern would grant what AWS adds one day."""
    assert [action for item in environment.roles.values() for action in granted(item) if "*" in action] == []


@pytest.mark.holds("application container", "reach")
def test_tasks_mount_their_data_through_the_access_point_alone(environment: Planned) -> None:
    """The role's own rights count as well: within an account either policy is enough."""
    (policy,) = environment.of_type("aws_efs_file_system_policy").values()
    statements = [*environment.roles.get("task", []), *json.loads(policy["policy"])["Statement"]]
    assert denied(statements, mounting(environment, environment.site)) == []
    round_it = list(mounting(environment, environment.site, point=False))
    assert round_it
    assert not any(is_allowed(statements, ask) for ask in round_it)


def test_flow_logs_come_from_this_account_alone(environment: Planned) -> None:
    """Else the service could be made to use the role for somebody else."""
    (role,) = [values for name, values in environment.of_type("aws_iam_role").items() if ".flow" in name]
    statements = json.loads(role["assume_role_policy"])["Statement"]
    arn = "arn:aws:ec2:af-south-1:{}:vpc-flow-log/fl-0"
    asked = [
        Ask(
            "sts:AssumeRole",
            "*",
            "role",
            (("aws:SourceAccount", account), ("aws:SourceArn", arn.format(account))),
        )
        for account in (ACCOUNT, "210987654321")
    ]
    assert [is_allowed(statements, ask) for ask in asked] == [True, False]


def _others(staging: Planned, production: Planned) -> list[tuple[Planned, Planned]]:
    """Return who might reach whom; the last has a name that begins with another's."""
    text = json.dumps(production.document).replace("production", "production-eu")
    europe = Planned("production-eu", json.loads(text))
    return [(staging, production), (production, staging), (production, europe), (europe, production)]


@pytest.mark.holds("CI of each environment", "reach")
@pytest.mark.holds("CI of each environment", "read")
@pytest.mark.holds("worker of each environment", "reach")
@pytest.mark.holds("worker of each environment", "read")
def test_no_environment_reaches_another(staging: Planned, production: Planned) -> None:
    """Both live in one account: names, conditions and tags alone keep them apart."""
    for mine, other in _others(staging, production):
        for role, statements in mine.roles.items():
            reached = {ask for ask in reach(statements, other) if ask.partition(" ")[0] not in ACCOUNT_WIDE}
            assert (mine.name, other.name, role, reached) == (mine.name, other.name, role, set())


@pytest.mark.holds("worker of each environment", "read")
def test_what_aws_cannot_hold_to_a_resource_only_reads(staging: Planned, production: Planned) -> None:
    """These rights go through the whole account."""
    free = {action for item in staging.roles.values() for action in unbound(item, production)}
    assert free
    assert [action for action in free | ACCOUNT_WIDE if not is_reading(action)] == []


@pytest.mark.holds("worker of each environment", "reach")
def test_rights_by_tags_meet_tagged_resources() -> None:
    """The tags that conditions ask for are those that the provider gives to everything."""
    provider, call = ((ROOT / name).read_text(encoding="utf-8") for name in ("providers.tf", "main.tf"))
    assert "tags = merge(local.tags, {" in provider
    assert "= local.tags\n" in call


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda item: item.name)
def test_a_fault_in_the_policy_is_found(staging: Planned, mutation: Mutation) -> None:
    """The judge names what is lost, and nothing more."""
    statements, asked = mutation.of(staging.roles["worker"]), used(staging)["worker"]
    assert {ask.action for ask in asked if not is_allowed(statements, ask)} == mutation.lost


@pytest.mark.parametrize("mutation", TOO_MUCH, ids=lambda item: item.name)
def test_a_right_too_many_is_found(staging: Planned, production: Planned, mutation: Mutation) -> None:
    """It denies nothing that is done, but reaches production."""
    statements = mutation.of(staging.roles["worker"])
    assert denied(statements, used(staging)["worker"]) == []
    reached = {ask.partition(" ")[0] for ask in reach(statements, production)}
    assert reached - ACCOUNT_WIDE == mutation.lost


def test_the_platform_starts_its_own_tasks(platform: Planned, platform_site: Site) -> None:
    """ECS's agent gets image, logs and secrets of each task; each right is used by one."""
    for which in ("client", "server"):
        found = definitions(platform, f"prefect-{which}-execution")
        asked = list(chain(*(starting(definition, platform_site) for definition in found)))
        statements = platform.roles[f"execution {which}"]
        assert denied(statements, asked) == []
        assert granted(statements) == {ask.action for ask in asked}


def test_the_platforms_worker_runs_flows_and_nothing_else(platform: Planned, platform_site: Site) -> None:
    """It defines, starts, watches and stops the tasks of flow runs, and hands on the two roles for them."""
    asked, statements = list(prefect_worker("prefect", platform_site)), platform.roles["worker"]
    assert denied(statements, asked) == []
    assert granted(statements) == {ask.action for ask in asked}
    server = asks(Call("ecs", "RegisterTaskDefinition", {"family": "prefect-server"}), platform_site)[0]
    assert not is_allowed(statements, server)
    foreign = [
        ask for ask in prefect_worker("vimbiso-pay-cluster-staging", platform_site) if "cluster-" in str(ask)
    ]
    assert foreign
    assert not any(is_allowed(statements, ask) for ask in foreign)


@pytest.mark.holds("worker of each environment", "start")
def test_flow_runs_become_the_named_roles_alone(platform: Planned) -> None:
    """The platform's flows have no right but to become the worker of an environment."""
    role = "arn:aws:iam::123456789012:role/vimbiso-pay-{}-pipeline-worker"
    asked = [
        ask
        for name in ("staging", "production")
        for ask in asks(Call("sts", "AssumeRole", {"RoleArn": role.format(name)}), Site(ACCOUNT))
    ]
    assert [is_allowed(platform.roles["flow"], ask) for ask in asked] == [True, False]
