"""What a mistyped address may mean."""

import json

import pytest

from pipeline.state.backend import addresses_in, near_misses

STATE = {
    "resources": [
        {"module": "module.a", "mode": "managed", "type": "aws_lb", "name": "this", "instances": [{}]},
        {"mode": "managed", "type": "aws_subnet", "name": "s", "instances": [{"index_key": 0}]},
        {"mode": "data", "type": "aws_region", "name": "r", "instances": [{"index_key": "k"}]},
    ]
}
KNOWN = ("module.network.aws_lb.this", "module.load_balancer.aws_lb.this", "aws_subnet.s[0]")


def test_addresses_are_those_of_terraform() -> None:
    """Modules, data sources and keys are written as Terraform writes them."""
    found = addresses_in(json.dumps(STATE).encode())
    assert found == ("module.a.aws_lb.this", "aws_subnet.s[0]", 'data.aws_region.r["k"]')


@pytest.mark.parametrize("body", [b"", b"garbage", b"[]", b'{"resources": [1]}', b"\xff"])
def test_what_is_no_state_has_none(body: bytes) -> None:
    """It only helps to fix a typing error, so it never fails."""
    assert addresses_in(body) == ()


@pytest.mark.parametrize(
    ("requested", "meant"),
    [
        ("module.netwrok", "module.network"),
        ("module.load-balancer", "module.load_balancer"),
        ("module.network.aws_lb.that", "module.network.aws_lb.this"),
        ("aws_subnet.s[1]", "aws_subnet.s[0]"),
    ],
)
def test_the_likeliest_comes_first(requested: str, meant: str) -> None:
    """A module as well as a resource."""
    assert near_misses(requested, KNOWN)[0] == meant


def test_nothing_alike_is_nothing() -> None:
    """No guess is better than a wild one."""
    assert near_misses("zzz", KNOWN) == ()
