"""Accepted status codes, as AWS writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.health.codes import HealthCodes, HealthCodesError


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ("200", [200], [199, 201]),
        ("200,202", [200, 202], [201, 203]),
        ("200-299", [200, 250, 299], [300, 199]),
        ("200-299,301", [200, 299, 301], [300, 302]),
        ("200-499", [200, 499], [500, 199]),
        (" 200 , 301-302 ", [200, 302], [303]),
    ],
)
def test_codes_and_ranges_are_accepted(text: str, good: list[int], bad: list[int]) -> None:
    """Both ends of a range belong to it."""
    codes = HealthCodes.parse(text)
    assert all(map(codes.accepts, good))
    assert not any(map(codes.accepts, bad))


@pytest.mark.parametrize(
    "text",
    ["", "ok", "2xx", "200-", "200;202", "200,,202", "299-200", "199", "500", "200-500", "2000", "٢٠٠"],
)
def test_other_text_is_refused_in_one_way(text: str) -> None:
    """The error says what would do."""
    with pytest.raises(
        HealthCodesError, match=r"no health codes: give codes or ranges from 200 to 499, as 200"
    ):
        HealthCodes.parse(text)


@given(st.lists(st.lists(st.integers(200, 499), min_size=2, max_size=2).map(sorted), min_size=1))
def test_what_is_written_is_read_again(ranges: list[list[int]]) -> None:
    """Terraform gets the text that the probe was made from."""
    codes = HealthCodes(tuple((low, high) for low, high in ranges))
    assert HealthCodes.parse(str(codes)) == codes
