"""Carrying out a plan on a registry with ECR's limits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fake_ecr import FakeEcr, access_to, digest_of, image

from pipeline.ecr.apply import Failure, apply_cleanup
from pipeline.ecr.model import CleanupPolicy, EcrError, ProtectedImages, RegistryImage
from pipeline.ecr.plan import CleanupPlan, plan_cleanup
from pipeline.ecr.registry import read_inventory

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OLD = NOW - timedelta(days=90)
POLICY = CleanupPolicy(keep_newest=1, keep_days=30, max_share=1.0)


def _registry(*images: RegistryImage, **more: object) -> FakeEcr:
    return FakeEcr({item.digest: item for item in images}, **more)  # type: ignore[arg-type]


def _plan(ecr: FakeEcr) -> CleanupPlan:
    return plan_cleanup(read_inventory(access_to(ecr), "app"), ProtectedImages(), POLICY, NOW)


def _no_wait(_: float) -> None:
    pass


def test_ten_thousand_images_take_the_least_number_of_calls() -> None:
    """10 pages three times, one call per 100 indexes or deletions, at most four at a time."""
    indexes = [
        image(f"i{n}", OLD + timedelta(seconds=n), f"v{n}", children=(digest_of(f"c{n}"),))
        for n in range(500)
    ]
    children = [image(f"c{n}", OLD) for n in range(500)]
    ecr = _registry(*indexes, *children, *(image(n, OLD) for n in range(9000)))
    result = apply_cleanup(access_to(ecr), _plan(ecr), ProtectedImages, NOW, _no_wait)
    assert ecr.images.keys() == {digest_of("i499"), digest_of("c499")}
    assert (len(result.deleted), result.freed_bytes) == (9_998, 99_980)
    # 9,499 without anything above them, then 499 children
    assert ecr.calls == {
        "describe_images": 20,
        "list_images": 1,
        "BatchGetImage": 5,
        "BatchDeleteImage": 95 + 5,
    }
    assert ecr.busiest <= 4


def test_an_image_that_came_into_use_after_the_plan_is_spared() -> None:
    """What is in use is collected again right before deleting."""
    ecr = _registry(image(1, OLD), image(2, OLD))
    result = apply_cleanup(
        access_to(ecr), _plan(ecr), lambda: ProtectedImages({digest_of(1): "task"}), NOW, _no_wait
    )
    assert (result.deleted, result.spared) == ((digest_of(2),), (digest_of(1),))


def test_an_image_that_was_tagged_after_the_plan_is_spared() -> None:
    """Pushing the same content again gives an old digest a new tag."""
    ecr = _registry(image(1, OLD))
    plan = _plan(ecr)
    ecr.images[digest_of(1)] = replace(ecr.images[digest_of(1)], tags=("v2",))
    assert apply_cleanup(access_to(ecr), plan, ProtectedImages, NOW, _no_wait).spared == (digest_of(1),)
    assert ecr.calls["BatchDeleteImage"] == 0


def test_nothing_is_deleted_when_use_cannot_be_told() -> None:
    """The error of the collection ends the run."""

    def fail() -> ProtectedImages:
        raise EcrError("ECS does not answer")

    ecr = _registry(image(1, OLD))
    with pytest.raises(EcrError, match="does not answer"):
        apply_cleanup(access_to(ecr), _plan(ecr), fail, NOW, _no_wait)
    assert ecr.images.keys() == {digest_of(1)}


def test_throttled_batches_are_tried_again() -> None:
    """Every second call is throttled, and yet all is done."""
    ecr = _registry(*(image(n, OLD) for n in range(1000)), throttle_every=2)
    waits: list[float] = []
    result = apply_cleanup(access_to(ecr), _plan(ecr), ProtectedImages, NOW, waits.append)
    assert (len(result.deleted), result.failures, ecr.images) == (1000, (), {})
    assert waits == sorted(waits) != []


def test_throttling_without_end_is_a_failure_per_image() -> None:
    """The run ends and tells what is left."""
    ecr = _registry(image(1, OLD), throttle_every=1)
    result = apply_cleanup(access_to(ecr), _plan(ecr), ProtectedImages, NOW, _no_wait)
    assert [(item.digest, item.code) for item in result.failures] == [(digest_of(1), "Throttled")]
    assert not result.complete


def test_an_image_that_a_new_index_lists_is_kept_without_failing() -> None:
    """Somebody pushed an index over an old child between the check and the deletion."""
    ecr = _registry(image("child", OLD))
    ecr.before_delete = lambda: ecr.images.setdefault(
        digest_of("new"), image("new", NOW, "v9", children=(digest_of("child"),))
    )
    result = apply_cleanup(access_to(ecr), _plan(ecr), ProtectedImages, NOW, _no_wait)
    assert (result.referenced, result.failures) == ((digest_of("child"),), ())


def test_an_image_that_is_gone_already_is_not_counted_as_freed() -> None:
    """Another run, or the lifecycle policy, was faster."""
    ecr = _registry(image(1, OLD), image(2, OLD))
    ecr.before_delete = lambda: ecr.images.pop(digest_of(1), None)  # type: ignore[func-returns-value]
    result = apply_cleanup(access_to(ecr), _plan(ecr), ProtectedImages, NOW, _no_wait)
    assert (result.deleted, result.spared, result.freed_bytes) == ((digest_of(2),), (digest_of(1),), 10)
    assert result.complete


def test_the_listing_has_the_last_word() -> None:
    """A deletion that reports success and does nothing is a failure."""
    ecr = _registry(image(1, OLD), image(2, OLD), deaf_to=frozenset({digest_of(1)}))
    result = apply_cleanup(access_to(ecr), _plan(ecr), ProtectedImages, NOW, _no_wait)
    assert result.deleted == (digest_of(2),)
    assert [type(item) for item in result.failures] == [Failure]
    assert result.failures[0].code == "StillListed"


def test_a_second_run_does_nothing() -> None:
    """A plan that was carried out needs no call to delete."""
    ecr = _registry(image(1, OLD))
    plan = _plan(ecr)
    apply_cleanup(access_to(ecr), plan, ProtectedImages, NOW, _no_wait)
    again = apply_cleanup(access_to(ecr), plan, ProtectedImages, NOW, _no_wait)
    assert (again.deleted, ecr.calls["BatchDeleteImage"]) == ((), 1)
