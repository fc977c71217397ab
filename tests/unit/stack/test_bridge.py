"""Where the emulated AWS listens."""

from typing import Any

import pytest
from support.ports import free_port

from deployments.local.stack.emulator import Bridge, bridge_of, listening

OPTIONS = {"com.docker.network.bridge.name": "docker0"}


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (
            {"Options": OPTIONS, "IPAM": {"Config": [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]}},
            "172.17.0.1",
        ),
        ({"Options": OPTIONS, "IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}]}}, "172.17.0.1"),
        (
            {"Options": OPTIONS, "IPAM": {"Config": [{"Subnet": "fd00::/64"}, {"Subnet": "10.9.0.0/24"}]}},
            "10.9.0.1",
        ),
        ({"Options": OPTIONS, "IPAM": {"Config": None}}, None),
        ({"Options": None, "IPAM": {"Config": [{"Subnet": "172.17.0.0/16"}]}}, None),
        ({}, None),
    ],
    ids=["gateway", "first start of an engine", "IPv6 first", "no pool", "no interface", "nothing"],
)
def test_the_bridge_is_read_from_what_the_engine_says(network: dict[str, Any], expected: str | None) -> None:
    """Engines differ in what they say of it."""
    assert bridge_of(network) == (Bridge(expected, "docker0") if expected else None)


def test_without_a_bridge_of_this_machine_only_the_loopback_is_listened_on() -> None:
    """As where the engine runs in a virtual machine."""
    port = free_port()
    for bridge in (None, Bridge("172.31.255.1", "nobridge0")):
        [found] = listening(port, bridge)
        assert found.getsockname() == ("127.0.0.1", port)
        found.close()
