"""Who is let through by security groups."""

from ipaddress import IPv4Network

import pytest
from diagnosis_samples import tcp
from hypothesis import given
from hypothesis import strategies as st

from pipeline.diagnosis.facts import Peer, Rule, admits

HERE = Peer(("sg-a",), ("10.0.1.0/24",))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (tcp(8000, "sg-a"), True),
        (tcp(8000, "sg-b"), False),
        (tcp(8001, "sg-a"), False),
        (tcp(8000, ranges=("10.0.0.0/16",)), True),
        (tcp(8000, ranges=("10.0.1.0/25",)), False),
        (tcp(8000, ranges=("10.0.2.0/24", "10.0.1.0/24")), True),
        (Rule("tcp", 0, 65535, ("sg-a",)), True),
        (Rule("udp", 8000, 8000, ("sg-a",)), False),
        (Rule("-1", None, None, ("sg-a",)), True),
        (Rule("6", 8000, 8000, ("sg-a",)), True),
        (Rule("tcp", 8000, 8000, prefix_lists=("pl-1",)), False),
    ],
    ids=str,
)
def test_a_rule_lets_through(rule: Rule, expected: bool) -> None:
    """Protocol, port and source must all fit; one of the rules is enough."""
    assert admits((rule,), 8000, HERE) is expected
    assert admits((tcp(1, "sg-z"), rule), 8000, HERE) is expected


def test_without_rules_nobody_comes_through() -> None:
    """Security groups refuse what no rule allows."""
    assert not admits((), 8000, HERE)


def test_a_peer_of_which_nothing_is_known_is_not_let_in_by_range() -> None:
    """Ranges say nothing about a peer without a range: it must not count as covered."""
    assert not admits((tcp(8000, ranges=("0.0.0.0/0",)),), 8000, Peer(("sg-a",)))


@given(st.integers(0, 2**32 - 1), st.integers(0, 32), st.integers(1, 65535))
def test_the_world_includes_every_range(address: int, length: int, port: int) -> None:
    """A rule for 0.0.0.0/0 lets every peer in."""
    inner = str(IPv4Network((address, length), strict=False))
    assert admits((tcp(port, ranges=("0.0.0.0/0",)),), port, Peer(ranges=(inner,)))
