"""Shakes hands with an endpoint to see which certificate it serves."""

import socket
import ssl
from pathlib import Path

from cryptography import x509

from pipeline.certificate.model import Endpoint, Served, Unreachable


def fetch_served(
    endpoint: Endpoint, timeout: float = 10.0, authorities: Path | None = None
) -> Served | Unreachable:
    """Return the certificate that the endpoint serves for its host name, trusted or not.

    ``authorities`` is a PEM file of trusted roots instead of the system's; ``timeout`` is in seconds.
    """
    trusting = ssl.create_default_context(cafile=authorities)
    try:
        return _handshake(endpoint, trusting, timeout, "")
    except ssl.SSLCertVerificationError as error:
        distrusted = error.verify_message or str(error)
    except OSError as error:
        return Unreachable(f"{endpoint}: {error}")
    try:
        return _handshake(endpoint, _looking(), timeout, distrusted)
    except OSError as error:
        return Unreachable(f"{endpoint}: {error}")


def _looking() -> ssl.SSLContext:
    """Return a context that takes any certificate: it is only read, nothing is sent to the peer."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _handshake(endpoint: Endpoint, context: ssl.SSLContext, timeout: float, distrusted: str) -> Served:
    address = (endpoint.address or endpoint.host, endpoint.port)
    with (
        socket.create_connection(address, timeout) as plain,
        context.wrap_socket(plain, server_hostname=endpoint.host) as secure,
    ):
        encoded = secure.getpeercert(binary_form=True)
    if encoded is None:
        raise OSError("the handshake brought no certificate")
    certificate = x509.load_der_x509_certificate(encoded)
    return Served(f"{certificate.serial_number:x}", certificate.not_valid_after_utc, distrusted)
