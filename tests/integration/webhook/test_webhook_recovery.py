"""What happens when receiver or server go away and come back."""

from concurrent.futures import ThreadPoolExecutor

import httpx
from support.fault_proxy import Request
from support.unheard import Unheard
from webhook_support.deliveries import push
from webhook_support.world import World, until


def test_the_outcome_reaches_github_also_after_a_restart(world: World) -> None:
    """What ends while the receiver is down is reported by the next one; a replay is still known."""
    body = push("6" * 40, "prod", age=-30)
    answer = world.deliver(body, "reported")
    until(lambda: ("queued", "production") in world.github.statuses("6" * 40))
    world.stop(world.receiver)
    state = {"state": {"type": "COMPLETED", "name": "Completed"}, "force": True}
    run = answer.json()["runs"][0]["flow_run_id"]
    httpx.post(f"{world.api}/flow_runs/{run}/set_state", json=state).raise_for_status()
    world.start_receiver()
    assert "handled already" in world.deliver(body, "reported").json()["ignored"]
    until(lambda: ("success", "production") in world.github.statuses("6" * 40))
    made = [body["ref"] for path, body in world.github.calls if path.endswith("deployments")]
    assert made.count("6" * 40) == 1


def test_a_delivery_while_prefect_is_down_succeeds_later(world: World) -> None:
    """503 with Retry-After at first; the same delivery starts the run when the server is back."""
    body = push("7" * 40, age=-60)
    world.stop(world.server)
    answer = world.deliver(body, "down")
    assert (answer.status_code, answer.headers.get("retry-after")) == (503, "30")
    world.start_server()
    answer = world.deliver(body, "down")
    assert answer.status_code == 202
    assert world.run_of(answer)["parameters"] == {
        "environment": "staging",
        "ref": "7" * 40,
        "branch_only": True,
    }


def test_a_killed_receiver_has_lost_nothing_that_it_took(world: World) -> None:
    """Ten of forty were answered and have their run; thirty deliver again, to the next receiver.

    One of the thirty has a run already, of which the receiver never heard: it gets no second one.
    """
    staging = [(push(f"{number:040x}", age=-100 - number), f"killed-{number}") for number in range(40)]
    world.stop(world.receiver)
    prefect = Unheard(_makes_a_run)
    with prefect.before(world.prefect) as url, ThreadPoolExecutor(1) as sender:
        world.start_receiver(f"{url}/api")
        taken = answered(world.deliver_at_once(staging[:10]))
        prefect.begin()
        sent = sender.submit(world.deliver_at_once, staging[10:])
        prefect.wait()
        world.kill_receiver()
        assert answered(sent.result()) == []
    assert len(taken) == 10
    assert {world.run_of(answer)["parameters"]["environment"] for answer in taken} == {"staging"}
    (unheard,) = [run for run in world.runs() if int(run["parameters"]["ref"], 16) in range(10, 40)]
    world.start_receiver()
    again = answered(world.deliver_at_once(staging[:10]), 200)
    assert [answer.json()["runs"] for answer in again] == [answer.json()["runs"] for answer in taken]
    assert len(answered(world.deliver_at_once(staging[10:]))) == 30
    refs = [run["parameters"]["ref"] for run in world.runs()]
    assert refs.count(unheard["parameters"]["ref"]) == 1
    until(lambda: _waiting(world) == [f"{39:040x}"])


def answered(answers: list[httpx.Response | None], status: int = 202) -> list[httpx.Response]:
    """Return the answers with that status."""
    return [answer for answer in answers if answer is not None and answer.status_code == status]


def _makes_a_run(request: Request) -> bool:
    return request.method == "POST" and request.path.endswith("/create_flow_run")


def _waiting(world: World) -> list[str]:
    """Return the commits whose runs wait for staging."""
    runs = [run for run in world.runs() if run["state"]["type"] == "SCHEDULED"]
    return [run["parameters"]["ref"] for run in runs if run["parameters"]["environment"] == "staging"]
