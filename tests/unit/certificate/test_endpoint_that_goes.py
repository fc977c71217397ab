"""An endpoint that goes away between two looks."""

import socket
import ssl
import threading
from pathlib import Path

from test_served_certificate import _write_certificate

from pipeline.certificate.check import fetch_served
from pipeline.certificate.model import Endpoint, Unreachable


def test_an_endpoint_that_is_gone_at_the_second_look_is_unreachable(tmp_path: Path) -> None:
    """A certificate that was distrusted is read by a second handshake, which may find nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_write_certificate(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def once() -> None:
            plain, _ = listener.accept()
            listener.close()
            with plain:
                try:
                    context.wrap_socket(plain, server_side=True).close()
                except OSError:  # the client refused the certificate
                    return

        server = threading.Thread(target=once)
        server.start()
        found = fetch_served(Endpoint("pay.test", listener.getsockname()[1], "127.0.0.1"), timeout=5)
        server.join()
    assert isinstance(found, Unreachable)
    assert "pay.test" in found.reason
