"""Which runs deliveries become: one for each push, the newest of a burst, seen to its end."""

import time

import httpx
from webhook_support.deliveries import push, steady_load
from webhook_support.world import World, until

from pipeline.environment.files import PROJECT

ENTRYPOINT = "tests/integration/webhook/webhook_support/webhook_flow.py:deploy_application"


def test_a_signed_push_starts_the_deployment_of_its_branch(world: World) -> None:
    """Branch prod leads to production, at the pushed commit, with the run's address in the answer."""
    answer = world.deliver(push("a" * 40, "prod"), "one")
    assert answer.status_code == 202, answer.text
    run = world.run_of(answer)
    assert run["parameters"] == {"environment": "production", "ref": "a" * 40, "branch_only": True}
    assert set(run["tags"]) == {"production", "webhook"}
    assert answer.json()["runs"][0]["flow_run_url"] == f"http://prefect.test/runs/flow-run/{run['id']}"


def test_500_redeliveries_are_one_run(world: World) -> None:
    """Under the same or a new delivery id, all at once: one push is one run."""
    body, before = push("e" * 40), len(world.runs())
    found = world.deliver_at_once((body, f"storm-{number % 50}") for number in range(500))
    assert {answer.status_code for answer in found if answer is not None} <= {200, 202}
    assert len({_run(answer) for answer in found}) == 1
    assert len(world.runs()) == before + 1


def test_a_burst_of_pushes_leaves_the_newest(world: World) -> None:
    """An earlier run that waits is cancelled; an older push that arrives last gets no run."""
    ages = {"3": -10, "5": -20, "4": -15}
    pushes = {name: world.deliver(push(name * 40, age=age), f"burst-{name}") for name, age in ages.items()}

    def states() -> dict[str, str]:
        return {name: world.run_of(answer)["state"]["type"] for name, answer in pushes.items()}

    until(lambda: states() == {"3": "CANCELLED", "5": "SCHEDULED", "4": "SCHEDULED"})
    (late,), (served,) = (pushes[name].json()["runs"] for name in "45")
    assert (late["flow_run_id"], late["replaced_by"]) == (served["flow_run_id"], "5" * 40)
    assert "replaced_by" not in served


def test_100_pushes_at_once_are_answered_with_a_run_each_and_leave_one(world: World) -> None:
    """Each answer names a run that Prefect has; its own commit's, or the one that replaced it."""
    deliveries = [(push(f"{number:040x}", "prod", age=-100 - number), f"p-{number}") for number in range(100)]
    answers = world.deliver_at_once(deliveries)
    assert {answer.status_code for answer in answers if answer is not None} == {202}
    assert None not in answers
    entries = [answer.json()["runs"][0] for answer in answers if answer is not None]
    runs = {run["id"]: run["parameters"]["ref"] for run in world.runs()}
    told = [runs[entry["flow_run_id"]] for entry in entries]
    assert told == [entry.get("replaced_by", entry["commit"]) for entry in entries]
    assert told[99] == f"{99:040x}"
    until(lambda: _waiting(world, "production") == [f"{99:040x}"])
    again = world.deliver(deliveries[0][0], "p-again")
    assert again.json()["runs"] == [entries[0]]


def test_200_deliveries_a_second_are_all_answered(world: World) -> None:
    """One in twenty is a new push, to two environments in turn; the newest of each is left waiting."""
    before = len(world.runs())
    answers = world.deliver_steadily(steady_load(-210), 200)  # pushed after what the other tests pushed
    assert {status for status, _ in answers} <= {200, 202}
    until(lambda: _waiting(world, "staging") == [f"{1038:040x}"])
    until(lambda: _waiting(world, "production") == [f"{1039:040x}"])
    assert len(world.runs()) - before <= 41


def test_a_signed_push_is_deployed_by_a_worker(world: World) -> None:
    """From the delivery to the end of the run: the branch's environment, at the pushed commit."""
    httpx.post(f"{world.api}/work_pools/", json={"name": "stage", "type": "process"}).raise_for_status()
    step = {"prefect.deployments.steps.set_working_directory": {"directory": str(PROJECT)}}
    world.add_deployment("staging", entrypoint=ENTRYPOINT, work_pool_name="stage", pull_steps=[step])
    worker = world.start_worker("stage")
    try:
        answer = world.deliver(push("8" * 40, age=-280), "seen to the end")
        assert answer.status_code == 202, answer.text
        until(lambda: world.run_of(answer)["state"]["type"] == "COMPLETED", 120)
        assert world.run_of(answer)["parameters"] == {
            "environment": "staging",
            "ref": "8" * 40,
            "branch_only": True,
        }
        until(lambda: ("success", "staging") in world.github.statuses("8" * 40))
    finally:
        world.stop(worker)


def test_a_fast_clock_keeps_no_later_push_away(world: World) -> None:
    """What is pushed after such a call has a run of its own. The last here: the call is newer than all."""
    call = world.call(environment="production", ref="f" * 40, nonce="f" * 20, timestamp=time.time() + 250)
    state = {"state": {"type": "COMPLETED", "name": "Completed"}, "force": True}
    run = world.run_of(call)["id"]
    httpx.post(f"{world.api}/flow_runs/{run}/set_state", json=state, timeout=120).raise_for_status()
    answer = world.deliver(push("0f" * 20, "prod", age=-601), "after the fast clock")
    assert "replaced_by" not in answer.json()["runs"][0]
    assert world.run_of(answer)["state"]["type"] == "SCHEDULED"


def _run(answer: httpx.Response | None) -> str:
    assert answer is not None
    return str(answer.json()["runs"][0]["flow_run_id"])


def _waiting(world: World, environment: str) -> list[str]:
    runs = [run for run in world.runs() if run["state"]["type"] == "SCHEDULED"]
    return [run["parameters"]["ref"] for run in runs if run["parameters"]["environment"] == environment]
