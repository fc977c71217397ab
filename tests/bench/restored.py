"""From a release that is broken to the old one restored and verified."""

import time

from bench.deploy import by_pipeline
from bench.figures import Report, Series, at_most, ratio
from bench.workshop import Workshop
from support.house import House

from pipeline.ecs.model import Outcome


def restored(shop: Workshop) -> Report:
    """Break releases that nobody tried before, and time the way back."""
    house, times = shop.house, min(shop.sizes.times, 2)
    shop.say("a release that is good, for comparison")
    normal = [by_pipeline(shop).rollout for _ in range(times)]
    house.blocks.switch_smoke_test(False)
    try:
        back = []
        for _ in range(times):
            shop.say("a release that answers 500")
            back.append(_broken(house))
    finally:
        house.blocks.switch_smoke_test(True)
    rollout = Series("a normal rollout: service moved, watched, verified", "s", tuple(normal))
    series = Series("from broken to the old release restored and verified", "s", tuple(back))
    return Report(
        name="restored",
        title="Back from a broken release",
        groups=((rollout, series),),
        goals=(
            at_most("broken to restored within 2 x a normal rollout", ratio(series, rollout), 2, "x", _WHY),
        ),
        remarks=(
            "The smoke test, which stops such releases before the switch, is off.",
            "Broken: ECS calls the rollout completed, although the release answers visitors with HTTP 500.",
        ),
    )


_WHY = "The gates ask for 5 s before a release is called broken; the failure is recorded before the way back."


def _broken(house: House) -> float:
    """Return the seconds from broken to the rollback's verdict."""
    before = house.service().task_definition
    house.application.change("visitors-500")
    run = house.start("deploy-application")
    broken = _when_completed(house, before)
    house.end(run)
    back, bad = house.releases.newest(2)
    if (bad.outcome, back.outcome) != (Outcome.UNHEALTHY, Outcome.SUCCEEDED):
        raise RuntimeError(f"the broken release ended as {bad.outcome}, the way back as {back.outcome}")
    return back.ended_at.timestamp() - broken


def _when_completed(house: House, before: str, seconds: float = 240) -> float:
    """Wait until another revision's rollout is completed; return the time of day."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        primary = house.service().primary
        if primary and primary.task_definition != before and primary.rollout_state == "COMPLETED":
            return time.time()
        time.sleep(0.1)
    raise RuntimeError("the broken release never took the service's place")
