"""What happens when receiver or server go away and come back."""

from concurrent.futures import ThreadPoolExecutor

import httpx
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
    assert world.deliver(body, "down").status_code == 202


def test_a_killed_receiver_has_lost_nothing_that_it_took(world: World) -> None:
    """Whoever was answered finds the run; the others deliver again, to the next receiver."""
    already = len(world.log())
    staging = [(push(f"{number:040x}", age=-100 - number), f"killed-{number}") for number in range(40)]
    with ThreadPoolExecutor(1) as sender:
        sent = sender.submit(world.deliver_at_once, staging)
        until(lambda: "deployment" in world.log()[already:])
        world.kill_receiver()
        taken = [answer for answer in sent.result() if answer is not None]
    for answer in taken:
        assert world.run_of(answer)["parameters"]["environment"] == "staging"
    world.start_receiver()
    again = world.deliver_at_once(staging)
    assert {answer.status_code for answer in again if answer is not None} <= {200, 202}
    until(lambda: _waiting(world) == [f"{39:040x}"])


def _waiting(world: World) -> list[str]:
    """Return the commits whose runs wait for staging."""
    runs = [run for run in world.runs() if run["state"]["type"] == "SCHEDULED"]
    return [run["parameters"]["ref"] for run in runs if run["parameters"]["environment"] == "staging"]
