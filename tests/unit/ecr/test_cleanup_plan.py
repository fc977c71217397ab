"""Which images a cleanup may delete."""

from datetime import UTC, datetime, timedelta

import pytest
from fake_ecr import digest_of, image, inventory_of

from pipeline.ecr.model import CleanupPolicy, EcrError, Inventory, ProtectedImages
from pipeline.ecr.plan import plan_cleanup

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OLD = NOW - timedelta(days=90)
POLICY = CleanupPolicy(keep_newest=1, keep_days=30, max_share=1.0)


def _deleted(
    inventory: Inventory, protected: ProtectedImages | None = None, policy: CleanupPolicy = POLICY
) -> set[str]:
    plan = plan_cleanup(inventory, protected or ProtectedImages(), policy, NOW)
    return {row.image.digest for row in plan.deletions}


def _digests(*names: object) -> set[str]:
    return {digest_of(name) for name in names}


def test_untagged_and_old_tagged_images_go() -> None:
    """The newest tagged images and the young ones stay."""
    inventory = inventory_of(
        image(1, OLD),
        image(2, OLD, "v1"),
        image(3, NOW - timedelta(days=29), "v2"),
        image(4, NOW - timedelta(days=28), "v3"),
    )
    assert _deleted(inventory) == _digests(1, 2)


def test_a_running_image_that_lost_its_tag_stays() -> None:
    """Pushing a tag again leaves the running image untagged."""
    inventory = inventory_of(image(1, OLD), image(2, OLD))
    assert _deleted(inventory, ProtectedImages({digest_of(1): "task 7"})) == _digests(2)


def test_a_tag_that_a_task_definition_names_stays() -> None:
    """A task definition without a digest is resolved by the repository's tags."""
    inventory = inventory_of(image(1, OLD, "initial"), image(2, NOW, "v2"))
    assert _deleted(inventory, ProtectedImages(tags={"initial": "revision 1"})) == set()


def test_what_is_in_use_and_not_in_the_registry_is_reported() -> None:
    """The next start of such a task fails: somebody must know."""
    gone = digest_of("gone")
    protected = ProtectedImages(
        {gone: "task", digest_of("sidecar"): "task"}, {"v9": "revision"}, frozenset({gone})
    )
    assert plan_cleanup(inventory_of(), protected, POLICY, NOW).absent == (gone, "v9")


def test_children_of_a_kept_index_stay_and_those_of_a_deleted_one_go_after_it() -> None:
    """Indexes of indexes count too."""
    inventory = inventory_of(
        image("kept", NOW, "v2", children=(digest_of("inner"),)),
        image("inner", OLD, children=(digest_of("leaf"),)),
        image("leaf", OLD),
        image("child", OLD),
        image("gone", OLD, "v1", children=(digest_of("child"), digest_of("leaf"))),
    )
    plan = plan_cleanup(inventory, ProtectedImages(), POLICY, NOW)
    assert [(row.image.digest, row.level) for row in plan.deletions] == [
        (digest_of("gone"), 0),
        (digest_of("child"), 1),
    ]


def test_an_index_that_lists_an_image_in_use_stays() -> None:
    """A task may run a platform's manifest while its definition names the index."""
    inventory = inventory_of(
        image("index", OLD, children=(digest_of("amd64"), digest_of("arm64"))),
        image("amd64", OLD),
        image("arm64", OLD),
    )
    assert _deleted(inventory, ProtectedImages({digest_of("amd64"): "task 7"})) == set()


def test_signatures_stay_and_go_with_their_image() -> None:
    """Both ways of naming a subject count: the manifest's field and cosign's tag."""
    tag = digest_of("kept").replace(":", "-") + ".sig"
    gone_tag = digest_of("gone").replace(":", "-") + ".sig"
    inventory = inventory_of(
        image("kept", NOW, "v2"),
        image("gone", OLD, "v1"),
        image("sbom", OLD, subject=digest_of("kept")),
        image("signature", OLD, tag),
        image("stray", OLD, gone_tag),
    )
    assert _deleted(inventory) == _digests("gone", "stray")


def test_images_tag_their_signatures_do_not_count_among_the_newest() -> None:
    """A young signature must not push a release out of the newest N."""
    inventory = inventory_of(
        image(1, OLD, "v1"), image(2, NOW - timedelta(days=2), "sha256-" + "a" * 64 + ".sig")
    )
    assert _deleted(inventory) == _digests(2)


def test_tags_of_the_policy_stay_and_do_not_count_among_the_newest() -> None:
    """A build cache is no release."""
    inventory = inventory_of(image(1, OLD, "buildcache"), image(2, OLD - timedelta(days=1), "v1"))
    assert _deleted(inventory) == set()


def test_an_upload_under_way_is_left_alone() -> None:
    """A push uploads an index's children first, untagged."""
    assert _deleted(inventory_of(image(1, NOW - timedelta(hours=1)))) == set()


def test_one_run_deletes_at_most_its_share_oldest_first() -> None:
    """The rest waits and says so."""
    inventory = inventory_of(*(image(index, OLD + timedelta(hours=index)) for index in range(10)))
    plan = plan_cleanup(inventory, ProtectedImages(), CleanupPolicy(max_share=0.3), NOW)
    assert [row.image.digest for row in plan.deletions] == [digest_of(index) for index in range(3)]
    assert (plan.capped, plan.bytes) == (7, 30)
    assert "next run" in plan.kept[0].reason


@pytest.mark.parametrize("fault", [{"keep_newest": 0}, {"keep_days": -1}, {"max_share": 1.5}])
def test_a_policy_that_makes_no_sense_is_refused(fault: dict[str, float]) -> None:
    """Keeping no image at all is never meant."""
    with pytest.raises(EcrError, match="not usable"):
        CleanupPolicy(**fault)  # type: ignore[arg-type]
