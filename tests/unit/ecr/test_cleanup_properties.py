"""What holds for every repository, protection and policy."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from fake_ecr import digest_of
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ecr.model import CleanupPolicy, Inventory, ProtectedImages, RegistryImage
from pipeline.ecr.plan import CleanupPlan, plan_cleanup

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SIZE = 8
few = settings(max_examples=50)


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """Any graph: children and subjects have lower numbers, as content addressing demands; tags may lie."""
    images = []
    for number in range(draw(st.integers(0, SIZE))):
        others = st.sampled_from([digest_of(other) for other in range(number)] or [digest_of("gone")])
        subject_tag = st.integers(0, SIZE).map(lambda other: digest_of(other).replace(":", "-") + ".sig")
        tags = draw(st.lists(st.one_of(st.sampled_from(["v1", "latest"]), subject_tag), max_size=2))
        images.append(
            RegistryImage(
                digest=digest_of(number),
                tags=tuple(f"{tag}{number}" if tag == "v1" else tag for tag in tags),
                pushed_at=NOW - timedelta(days=draw(st.integers(0, 60))),
                size=draw(st.integers(0, 9)),
                children=tuple(draw(st.lists(others, max_size=3))),
                subject=draw(st.none() | others),
            )
        )
    return Inventory("app", tuple(draw(st.permutations(images))))


policies = st.builds(
    CleanupPolicy,
    keep_newest=st.integers(1, 4),
    keep_days=st.integers(0, 40),
    keep_tags=st.just(("latest",)),
    grace=st.integers(0, 3).map(lambda days: timedelta(days=days)),
    max_share=st.floats(0, 1),
)
protections = st.builds(
    ProtectedImages,
    digests=st.dictionaries(st.integers(0, SIZE).map(digest_of), st.just("task"), max_size=4),
    tags=st.dictionaries(
        st.integers(0, SIZE).map(lambda number: f"v1{number}"), st.just("revision"), max_size=2
    ),
)


def _kept(plan: CleanupPlan) -> Mapping[str, RegistryImage]:
    return {row.image.digest: row.image for row in plan.kept}


@few
@given(inventory=inventories(), protected=protections, policy=policies)
def test_every_image_has_one_row(
    inventory: Inventory, protected: ProtectedImages, policy: CleanupPolicy
) -> None:
    """Nothing is forgotten or named twice, and every row has its reason."""
    plan = plan_cleanup(inventory, protected, policy, NOW)
    assert sorted(row.image.digest for row in plan.rows) == sorted(inventory.by_digest)
    assert all(row.reason for row in plan.rows)


@few
@given(inventory=inventories(), protected=protections, policy=policies)
def test_nothing_protected_goes(
    inventory: Inventory, protected: ProtectedImages, policy: CleanupPolicy
) -> None:
    """Neither by digest nor by tag, nor an index that lists it."""
    kept = _kept(plan_cleanup(inventory, protected, policy, NOW))
    for image in inventory.images:
        users = protected.digests.keys() & {image.digest, *(set(image.children) & inventory.by_digest.keys())}
        if users or protected.tags.keys() & set(image.tags):
            assert image.digest in kept


@few
@given(inventory=inventories(), protected=protections, policy=policies)
def test_what_belongs_to_a_kept_image_stays(
    inventory: Inventory, protected: ProtectedImages, policy: CleanupPolicy
) -> None:
    """No kept index loses a child and no kept image its signature, capped or not."""
    kept = _kept(plan_cleanup(inventory, protected, policy, NOW))
    for image in kept.values():
        assert set(image.children) & inventory.by_digest.keys() <= kept.keys()
    for image in inventory.images:
        if any(subject in kept for subject in image.subjects):
            assert image.digest in kept


@few
@given(inventory=inventories(), protected=protections, policy=policies)
def test_the_share_is_never_exceeded(
    inventory: Inventory, protected: ProtectedImages, policy: CleanupPolicy
) -> None:
    """And what was held back is counted."""
    plan = plan_cleanup(inventory, protected, policy, NOW)
    assert len(plan.deletions) <= policy.max_share * len(inventory.images)
    free = plan_cleanup(inventory, protected, CleanupPolicy(**{**vars(policy), "max_share": 1.0}), NOW)
    assert len(free.deletions) == len(plan.deletions) + plan.capped


@few
@given(inventory=inventories(), protected=protections, policy=policies)
def test_an_index_goes_before_its_children(
    inventory: Inventory, protected: ProtectedImages, policy: CleanupPolicy
) -> None:
    """ECR refuses to delete what a manifest list refers to."""
    rows = {row.image.digest: row for row in plan_cleanup(inventory, protected, policy, NOW).deletions}
    looped = _looped(inventory)
    for row in rows.values():
        for child in row.image.children:
            if child in rows and row.image.digest not in looped:
                assert row.level < rows[child].level


@few
@given(inventory=inventories(), protected=protections, policy=policies)
def test_the_newest_tagged_images_stay(
    inventory: Inventory, protected: ProtectedImages, policy: CleanupPolicy
) -> None:
    """However old they are."""
    kept = _kept(plan_cleanup(inventory, protected, policy, NOW))
    releases = [image for image in inventory.images if image.release_tags]
    newest = sorted(releases, key=lambda image: (image.pushed_at, image.digest))[-policy.keep_newest :]
    assert all(image.digest in kept for image in newest)


def _looped(inventory: Inventory) -> set[str]:
    """Images that lying tags put into a circle, or that hang below one: no order exists for them."""
    left = set(inventory.by_digest)
    while True:
        below = {other for digest in left for other in inventory.edges[digest]}
        if left <= below:
            return left
        left &= below
