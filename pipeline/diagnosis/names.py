"""Asks the resolver which addresses a name has."""

import socket


def addresses(name: str) -> tuple[str, ...]:
    """Return the IPv4 addresses of a host name, sorted; () where the name does not resolve."""
    try:
        found = socket.getaddrinfo(name, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    return tuple(sorted({str(item[4][0]) for item in found}))
