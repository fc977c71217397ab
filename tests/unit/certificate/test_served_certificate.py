"""Seeing which certificate an endpoint serves, on real handshakes."""

import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipeline.certificate.check import fetch_served
from pipeline.certificate.model import Endpoint, ServedCertificate, Unreachable

SERIAL = 0x0ABC123
EXPIRES = datetime(2096, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Server:
    port: int
    pem: Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Server]:
    """A TLS server for pay.test on this machine, with a certificate that signs itself."""
    pem = _write_certificate(tmp_path_factory.mktemp("tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, context), daemon=True).start()
        yield _Server(listener.getsockname()[1], pem)


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:  # the listener was closed
            return
        with plain:
            try:
                context.wrap_socket(plain, server_side=True).close()
            except OSError:  # the client refused the certificate
                continue


def _write_certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pay.test")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(SERIAL)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(EXPIRES)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("pay.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return path


def test_a_trusted_certificate_is_read(server: _Server) -> None:
    """The host is asked for by name, whatever address is connected to."""
    endpoint = Endpoint("pay.test", server.port, "127.0.0.1")
    assert fetch_served(endpoint, authorities=server.pem) == ServedCertificate("abc123", EXPIRES)


def test_a_certificate_for_another_name_is_read_and_distrusted(server: _Server) -> None:
    """The reason names the host that did not match."""
    served = fetch_served(Endpoint("other.test", server.port, "127.0.0.1"), authorities=server.pem)
    assert isinstance(served, ServedCertificate)
    assert served.serial == "abc123"
    assert "other.test" in served.distrusted


def test_an_unknown_issuer_is_read_and_distrusted(server: _Server) -> None:
    """Without its own authority the certificate is self-signed."""
    served = fetch_served(Endpoint("pay.test", server.port, "127.0.0.1"))
    assert isinstance(served, ServedCertificate)
    assert "self-signed" in served.distrusted


def test_nobody_there_is_an_answer_too() -> None:
    """A refused connection and a name that does not exist are reasons, not errors."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for endpoint in (Endpoint("pay.test", port, "127.0.0.1"), Endpoint("no-such-host.invalid")):
        found = fetch_served(endpoint, timeout=2)
        assert isinstance(found, Unreachable)
        assert str(endpoint) in found.reason


def test_a_plain_text_server_is_unreachable_for_tls() -> None:
    """An answer that is not TLS is told as such."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        found = fetch_served(Endpoint("pay.test", listener.getsockname()[1], "127.0.0.1"), timeout=2)
    assert isinstance(found, Unreachable)
