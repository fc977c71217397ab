"""Deployments and ways back where images are signed, through their real steps."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flow_runs import Runs, told
from support.world import World

from flows.deploy_application import deploy_application
from flows.rollback_application import rollback_application
from pipeline.environment.model import Signing
from pipeline.image.registry import Repository
from pipeline.image.signature import sign_image


@pytest.fixture
def stage(place: World) -> World:
    """Staging with r2 in service, after r1; neither is signed, and now signatures are demanded."""
    for number in (1, 2):
        place.deployed(number, timedelta(hours=3 - number))
    key = place.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    settings = place.live.settings.model_copy(update={"signing": Signing()})
    place.live = replace(place.given(signing_key_arn=key["KeyMetadata"]["Arn"]), settings=settings)
    return place


def sign(stage: World, number: int) -> str:
    """Push and sign the image of a release; return its digest."""
    digest, live = stage.push(number), stage.live
    sign_image(live.access, Repository("registry", "pay"), digest, live.signing_key, live.settings.registry)
    return digest


def test_a_signed_release_comes_into_service(stage: World, runs: Runs) -> None:
    """The preflight says with which key."""
    sign(stage, 3)
    state = runs.run(deploy_application, image="r3")
    assert told(state).startswith("Completed: SUCCEEDED: release r3."), told(state)
    rows = {row["check"]: row["reason"] for row in runs.artifact(state, "preflight")}
    assert rows["signature"] == f"signed with {stage.live.signing_key}"


def test_an_unsigned_image_is_refused_before_anything_moves(stage: World, runs: Runs) -> None:
    """Named by its tag or by its digest; no task definition is registered, no task started."""
    digest = stage.push(3)
    before = len(stage.ecs.definitions), len(stage.ecs.tasks)
    for image in ("r3", digest):
        state = runs.run(deploy_application, image=image)
        assert f"Image {digest} of pay has no signature" in told(state)
        assert "nothing was changed" in told(state)
    assert (stage.runs, len(stage.ecs.definitions), len(stage.ecs.tasks)) == ("r2", *before)


def test_a_way_back_is_held_to_the_signature_too(stage: World, runs: Runs) -> None:
    """Records name what was good once; who could write them could name anything."""
    state = runs.run(rollback_application)
    assert "has no signature" in told(state)
    assert stage.runs == "r2"
    sign(stage, 1)
    assert "SUCCEEDED: release r1" in told(runs.run(rollback_application))


def test_a_failed_release_is_taken_back_whatever_was_signed_before(stage: World, runs: Runs) -> None:
    """What ran a minute ago is better than what is broken."""
    stage.failing.add(sign(stage, 3))
    state = runs.run(deploy_application, image="r3")
    assert "Release r2 runs again." in told(state), told(state)
    assert stage.runs == "r2"
