"""Parents are asked to end before their children, and nobody twice."""

from hypothesis import given
from hypothesis import strategies as st

from deployments.local.stack.processes import Process, due


def process(pid: int, parent: int) -> Process:
    """A process that started at the tick of its pid."""
    return Process(pid, pid, parent, "worker", ("python",))


WORKER, FLOW, TERRAFORM, PROVIDER = process(10, 1), process(11, 10), process(12, 11), process(13, 12)


def test_only_the_root_is_asked_first() -> None:
    """A flow run, its Terraform and that one's provider wait."""
    assert due([PROVIDER, TERRAFORM, FLOW, WORKER], set()) == [WORKER]


def test_orphans_are_asked_when_their_parent_is_gone() -> None:
    """Terraform gets its turn once its flow run has ended; its provider still waits."""
    assert due([process(12, 1), PROVIDER], {(10, 10), (11, 11)}) == [process(12, 1)]


def test_nobody_is_asked_twice() -> None:
    """A second SIGTERM would mean at once, to many programs."""
    assert due([WORKER, FLOW], {(10, 10)}) == []


@given(st.lists(st.integers(2, 40), unique=True, min_size=1, max_size=12), st.data())
def test_in_every_forest_somebody_is_due_and_no_child_before_its_parent(
    pids: list[int], data: st.DataObject
) -> None:
    """With nobody asked yet exactly the roots are due."""
    pids.sort()
    forest = [
        process(pid, data.draw(st.sampled_from([1, *pids[:index]]), label=f"parent of {pid}"))
        for index, pid in enumerate(pids)
    ]
    assert [item.parent for item in due(forest, set())] == [1] * sum(item.parent == 1 for item in forest)
    assert due(forest, set())
