"""Findings of a review, replayed in the region: what the flows must do where AWS has its own ways."""

import pytest
from region_application import Behaviour
from region_world import World, make_world

from flows.deploy_application import deploy_application


def _push_index(world: World, number: int, *severities: str) -> str:
    """Push an index of one image, as buildx does; the scan of the image finds something."""
    child, index, tag = f"sha256:{number + 500:064x}", f"sha256:{number:064x}", f"r{number}"
    world.application.releases[index] = (tag, Behaviour())
    world.registry.push("", child, findings=severities)
    world.registry.push(tag, index, children=(child,))
    return tag


@pytest.mark.parametrize(("severity", "state"), [("CRITICAL", "FAILED"), ("HIGH", "COMPLETED")])
def test_the_scan_of_an_index_is_that_of_its_image(severity: str, state: str) -> None:
    """ECR scans no index: what it found in the image that the tasks run decides, and without a long wait."""
    world = make_world(1)
    tag = _push_index(world, 1, severity)
    began = world.clock.seconds
    run = world.run(deploy_application, image=tag, migrate=False)
    assert run.state == state, run.message
    assert (world.runs_now == tag) == (state == "COMPLETED")
    assert not any("SKIPPED" in line for line in run.lines)
    if state == "FAILED":
        assert "CVE-2026-0000" in run.message
        assert world.clock.seconds - began < 120
