"""The sockets on which the emulated AWS listens: the loopback, and the bridge of the engine's containers."""

import socket
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import docker
from docker.errors import DockerException

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Bridge:
    """This machine's end of the network in which containers run."""

    address: str
    interface: str


def bridge_of(network: dict[str, Any]) -> Bridge | None:
    """Read it from what the engine says of its network ``bridge``; None where it says too little.

    Between its first start and its second, an engine of Debian's docker.io names no gateway: it is the first
    address of the subnet.
    """
    interface = (network.get("Options") or {}).get("com.docker.network.bridge.name")
    for pool in (network.get("IPAM") or {}).get("Config") or []:
        subnet = ip_network(pool["Subnet"], strict=False)
        if interface and subnet.version == 4:
            return Bridge(pool.get("Gateway") or str(next(subnet.hosts())), interface)
    return None


def find_bridge() -> Bridge | None:
    """Ask the engine; None without one."""
    try:
        return bridge_of(docker.from_env(timeout=10).networks.get("bridge").attrs)
    except DockerException:
        return None


def listening(port: int, bridge: Bridge | None) -> list[socket.socket]:
    """Listen on the loopback, and on the bridge where it is one of this machine.

    The second socket is tied to the bridge's interface: without that, a neighbour who routes the bridge's
    address to this machine would reach it, too. An engine in a virtual machine has its bridge there, and
    brings what its containers ask to the loopback.

    Raises:
        OSError: the port is taken.
    """
    sockets = [_bound(LOOPBACK, port)]
    if bridge is not None and bridge.interface in {name for _, name in socket.if_nameindex()}:
        sockets.append(_bound(bridge.address, port, bridge.interface))
    return sockets


def _bound(address: str, port: int, interface: str = "") -> socket.socket:
    made = socket.socket()
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if interface:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        made.bind((address, port))
    except OSError:
        made.close()
        raise
    return made
