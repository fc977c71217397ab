"""Time spent in several things at once."""

from bench.spans import Span, covered
from hypothesis import given
from hypothesis import strategies as st

MOMENT = st.integers(0, 60)
SPAN = st.tuples(MOMENT, MOMENT).map(lambda pair: (min(pair), max(pair)))


@given(spans=st.lists(SPAN, max_size=8), within=SPAN)
def test_each_second_counts_once_and_only_within(spans: list[Span], within: Span) -> None:
    """Counted second by second it is the same."""
    seconds = range(int(within[0]), int(within[1]))
    expected = sum(any(begin <= second < end for begin, end in spans) for second in seconds)
    assert covered(spans, within) == expected
