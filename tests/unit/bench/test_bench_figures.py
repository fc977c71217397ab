"""What the benchmark works out from its measurements."""

import math

import pytest
from bench.figures import Curve, Series, at_least, at_most, growth_goal, number, ratio
from hypothesis import given
from hypothesis import strategies as st


def test_a_series_knows_its_middle_and_its_spread() -> None:
    """One slow run moves neither the median nor the least."""
    series = Series("deploy", "s", (3.0, 2.0, 90.0))
    assert (series.median, series.low, series.high) == (3.0, 2.0, 90.0)


def test_nothing_measured_is_no_series() -> None:
    """An empty series would print as a figure that nobody saw."""
    with pytest.raises(ValueError, match="never measured"):
        Series("deploy", "s", ())


def test_the_ratio_is_that_of_the_medians() -> None:
    """And infinite against nothing."""
    script = Series("script", "s", (10.0, 12.0, 50.0))
    assert ratio(script, Series("ours", "s", (4.0,))) == 3.0
    assert ratio(script, Series("ours", "calls", (0.0,))) == math.inf


@given(
    exponent=st.floats(-1, 3),
    factor=st.floats(0.001, 1000),
    sizes=st.lists(st.integers(1, 10**6), min_size=2, max_size=8, unique=True),
)
def test_the_exponent_of_a_power_law_is_found(exponent: float, factor: float, sizes: list[int]) -> None:
    """Whatever its factor and wherever it is measured."""
    points = tuple((float(size), factor * size**exponent) for size in sorted(sizes))
    curve = Curve("law", "images", "s", points)
    assert math.isclose(curve.exponent, exponent, abs_tol=1e-6)
    assert math.isclose(curve.last_exponent, exponent, abs_tol=1e-4)


def test_a_curve_that_bends_up_at_its_end_is_not_linear() -> None:
    """Fixed costs flatten the small sizes: the last step tells."""
    bent = Curve("bent", "images", "s", ((10, 1.0), (100, 1.0), (1000, 1.1), (2000, 3.0)))
    assert bent.exponent < 1
    assert not bent.linear_or_better
    assert not growth_goal(bent).met


def test_goals_are_met_on_the_limit_and_say_why_only_when_missed() -> None:
    """A remark beside a met goal would read as an excuse."""
    assert at_most("", 2.0, 2.0, "s", "why").remark == ""
    assert at_least("", 5.0, 5.0, "x", "why").met
    missed = at_most("known within 2 s", 2.5, 2.0, "s", "the network")
    assert (missed.met, missed.measured, missed.remark) == (False, "2.50 s", "the network")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.01234, "0.0123"), (1.5, "1.50"), (12.34, "12.3"), (1234.5, "1,234"), (7.0, "7")],
)
def test_numbers_have_three_figures(value: float, text: str) -> None:
    """More would claim what was not measured."""
    assert number(value) == text
