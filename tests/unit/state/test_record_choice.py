"""Which configuration to roll back to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from state_values import record

from pipeline.state.model import ConfigurationRecord, StateError
from pipeline.state.restore import choose_record

A, B, C = record(1, "a"), record(2, "b"), record(3, "c")
CASES = [
    ("the one before", [A, B, C], B),
    ("in any order", [C, A, B], B),
    ("not a failed one", [A, record(2, "b", "failed"), C], A),
    ("after a failure the last good one", [A, B, record(3, "c", "failed")], B),
    ("not the same configuration again", [A, B, record(3, "b")], A),
    ("back from a rollback: one more step", [A, B, C, record(4, "b", restores=B.name)], A),
    ("after a failed rollback the one it left", [A, B, record(4, "a", "failed", restores=A.name)], B),
    (
        "after a rollback and a new configuration: not what was taken back",
        [A, B, record(3, "a", restores=A.name), record(4, "d")],
        A,
    ),
    (
        "after a rollback and a failure: not what was taken back",
        [A, B, record(3, "a", restores=A.name), record(4, "d", "failed")],
        A,
    ),
    (
        "what was taken back and applied again",
        [A, B, record(3, "a", restores=A.name), record(4, "b"), record(5, "d")],
        record(4, "b"),
    ),
]


@pytest.mark.parametrize(
    ("records", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_last_good_configuration_before_the_present_is_chosen(records: list, expected: object) -> None:
    """Rolling back walks back through history, and never back and forth."""
    assert choose_record(records) == expected


@pytest.mark.parametrize("records", [[], [A], [record(1, "a", "failed")], [A, record(2, "a")]])
def test_without_an_earlier_good_one_there_is_an_error(records: list) -> None:
    """It says so rather than choosing something."""
    with pytest.raises(StateError):
        choose_record(records)


def test_a_record_is_found_by_the_beginning_of_its_name() -> None:
    """Unless several begin so, or none."""
    assert choose_record([A, B], B.name[:16]) == B
    with pytest.raises(StateError, match="2 records"):
        choose_record([A, B], "2026")
    with pytest.raises(StateError, match="Known: "):
        choose_record([A, B], "1999")


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["succeeded", "failed"])), min_size=1, max_size=8
    )
)
def test_the_chosen_one_is_good_older_and_different(history: list[tuple[str, str]]) -> None:
    """Whatever was applied, what is chosen once worked and is not what runs."""
    records = [record(minute, *item) for minute, item in enumerate(history)]
    fitting = [
        item
        for item in records[:-1]
        if item.outcome == "succeeded" and item.bundle_sha256 != records[-1].bundle_sha256
    ]
    if fitting:
        assert choose_record(records) == fitting[-1]
    else:
        with pytest.raises(StateError):
            choose_record(records)


@given(st.lists(st.sampled_from(["a", "b", "c", "d", "fail", "back"]), max_size=20))
def test_rolling_back_n_times_goes_n_steps_back(history: list[str]) -> None:
    """Through the good configurations, each once, whatever was applied between; then nothing is left."""
    records: list[ConfigurationRecord] = []
    stack: list[str] = []

    def back() -> str:
        chosen = choose_record(records)
        records.append(record(len(records), chosen.bundle_sha256, restores=chosen.name))
        return chosen.bundle_sha256

    for act in history:
        if act == "fail":
            records.append(record(len(records), "x", "failed"))
            records.append(record(len(records), stack[-1] if stack else "x", "failed"))
        elif act != "back":
            records.append(record(len(records), act))
            stack = [item for item in stack if item != act] + [act]
        elif len(stack) > 1 and records[-1].outcome == "succeeded":
            stack.pop()
            assert back() == stack[-1]
    if stack:
        records.append(record(len(records), stack[-1]))
    for bundle in reversed(stack[:-1]):
        assert back() == bundle
    with pytest.raises(StateError):
        back()
