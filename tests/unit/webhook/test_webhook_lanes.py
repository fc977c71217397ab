"""How many conversations with Prefect a burst costs, and whose run each delivery is told."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.webhook.model import Deploy
from deployments.webhook.queues import DeliveryQueues, StartedRun
from deployments.webhook.runs import with_retries


def push(number: int, order: float | None = None, environment: str = "staging") -> Deploy:
    """Return what a push leads to."""
    at = float(number if order is None else order)
    return Deploy(environment, f"{number:040x}", "acme/pay", at, f"webhook-{environment}-{number:040x}")


@dataclass
class Prefect:
    """Takes requests as a server on SQLite does: two at once are a fault; waits for a word where told to."""

    held: asyncio.Event = field(default_factory=asyncio.Event)
    began: list[Deploy] = field(default_factory=list)
    settled: Counter[str] = field(default_factory=Counter)
    more: int = 0
    error: Exception | None = None
    silent: int = 0
    _busy: bool = False

    async def begin(self, deploy: Deploy) -> StartedRun:
        """Start a run."""
        self.began.append(deploy)
        await self._alone()
        if self.error is not None:
            raise self.error
        return StartedRun(f"run of {deploy.key}", deploy)

    async def settle(self, environment: str) -> bool:
        """Cancel some; there are ``more`` rounds to come, after ``silent`` ones without an answer."""
        self.settled[environment] += 1
        await self._alone()
        self.silent -= 1
        if self.silent >= 0:
            raise httpx.ReadTimeout("busy")
        self.more -= 1
        return self.more >= 0

    async def _alone(self) -> None:
        assert not self._busy, "two requests at once"
        self._busy = True
        await self.held.wait()
        await asyncio.sleep(0)
        self._busy = False


async def burst(prefect: Prefect, deploys: list[Deploy]) -> list[StartedRun | BaseException]:
    """Deliver the first; the others when its conversation is under way."""
    queues = DeliveryQueues(prefect.begin, prefect.settle)
    tasks = [asyncio.create_task(queues.serve(deploys[0]))]
    while not prefect.began:
        await asyncio.sleep(0)
    tasks += [asyncio.create_task(queues.serve(deploy)) for deploy in deploys[1:]]
    await asyncio.sleep(0)
    prefect.held.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    await queues.close()
    return list(answers)


@given(st.lists(st.integers(0, 5), min_size=2, max_size=40))
def test_a_burst_costs_two_runs_and_leaves_the_newest(spec: list[int]) -> None:
    """The one that is on its way, and the newest of all that come meanwhile, whose run serves them all."""
    deploys = [push(number, order) for number, order in enumerate(spec)]

    async def play() -> None:
        prefect = Prefect()
        answers = await burst(prefect, deploys)
        newest = max(deploys[1:], key=lambda deploy: (deploy.order, deploy.commit))
        assert prefect.began == [deploys[0], newest]
        served = StartedRun(f"run of {newest.key}", newest)
        assert answers == [StartedRun(f"run of {deploys[0].key}", deploys[0]), *[served] * (len(deploys) - 1)]
        assert prefect.settled == {"staging": 2}

    asyncio.run(play())


def test_environments_take_turns_and_do_not_serve_each_other() -> None:
    """A push to production is not replaced by one to staging, and no two requests are under way at once."""

    async def play() -> None:
        prefect = Prefect()
        deploys = [push(number, environment=("staging", "production")[number % 2]) for number in range(10)]
        answers = await burst(prefect, deploys)
        for deploy, answer in zip(deploys, answers, strict=True):
            assert isinstance(answer, StartedRun)
            assert answer.deploy.environment == deploy.environment
        assert len(prefect.began) == 3

    asyncio.run(play())


def test_whoever_waits_hears_of_a_failure_and_the_next_is_tried() -> None:
    """Nobody is told that a run exists which does not; a lane that failed once goes on."""

    async def play() -> None:
        prefect = Prefect(error=httpx.ConnectError("nobody there"))
        answers = await burst(prefect, [push(number) for number in range(5)])
        assert all(isinstance(answer, httpx.ConnectError) for answer in answers)
        prefect.error = None
        queues = DeliveryQueues(prefect.begin, prefect.settle)
        assert (await queues.serve(push(9))).deploy == push(9)
        assert (await queues.serve(push(10))).deploy == push(10)
        await queues.close()

    asyncio.run(play())


def test_what_is_needless_is_cancelled_to_the_last_without_another_push() -> None:
    """A conversation cancels a few; the lane goes on until none is left."""

    async def play() -> None:
        prefect = Prefect(more=3)
        await burst(prefect, [push(1)])
        assert prefect.settled == {"staging": 4}

    asyncio.run(play())


def test_what_could_not_be_cancelled_is_tried_again_without_another_push() -> None:
    """A server that was busy, or a receiver that died in between, leaves no needless run behind."""

    async def play() -> None:
        prefect = Prefect(silent=1)
        prefect.held.set()
        queues = DeliveryQueues(prefect.begin, prefect.settle)
        queues.look_at("staging")
        await queues.close()
        assert not prefect.began
        assert prefect.settled == {"staging": 2}

    asyncio.run(play())


@pytest.mark.parametrize(("status", "calls"), [(503, 3), (429, 3), (404, 1), (422, 1)])
def test_a_busy_server_is_asked_again(status: int, calls: int) -> None:
    """What passes is asked for again; what does not is told at once."""
    asked_for: list[int] = []

    async def call() -> str:
        asked_for.append(status)
        if len(asked_for) < 3:
            request = httpx.Request("POST", "http://prefect.test")
            raise httpx.HTTPStatusError("no", request=request, response=httpx.Response(status))
        return "run"

    if calls == 3:
        assert asyncio.run(with_retries(call)) == "run"
    else:
        with pytest.raises(httpx.HTTPStatusError):
            asyncio.run(with_retries(call))
    assert len(asked_for) == calls
