"""Decides which requests reach the emulated AWS, which itself asks nobody for credentials.

On this machine's loopback its own programs may do everything; a web page that happens to be open there may
not. Containers may use the presigned S3 URLs that they were given, and nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

CONTAINER_HOST = "host.docker.internal"
"""Name under which a container knows this machine."""
SIGNED = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "",
    "X-Amz-Date": "",
    "X-Amz-Expires": "",
    "X-Amz-SignedHeaders": "",
    "X-Amz-Signature": "",
}
"""Parameters of a presigned URL; the emulator verifies those of this algorithm only. Source: Amazon S3 API
reference, "Authenticating Requests: Using Query Parameters"."""
_FOREIGN = ("cross-site", "same-site")
_OF_OTHER_SERVICES = ("authorization", "x-amz-target")


@dataclass(frozen=True)
class Request:
    """One HTTP request, as far as it matters here."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """By name in lower case."""
    address: str
    """Address of this machine at which it arrived."""

    @property
    def host(self) -> str:
        """Host name that it asks for, without the port."""
        return urlsplit(f"//{self.headers.get('host', '')}").hostname or ""


def refusal(request: Request, is_application: Callable[[str], bool]) -> str:
    """Return why the request is refused; "" where it may go on.

    ``is_application`` tells whether a ``Host`` header is that of an emulated load balancer: such a request is
    the application's, which judges origins itself.
    """
    if request.host == CONTAINER_HOST or not _loopback(request.address):
        return _of_container(request)
    if is_application(request.headers.get("host", "")):
        return ""
    if not _local_name(request.host):
        return f"{request.host!r} is no name of the emulated AWS."
    return _of_page(request)


def _of_container(request: Request) -> str:
    """Judge by the form of a presigned URL; whether its signature is right, the emulator looks itself."""
    given = parse_qs(request.query, keep_blank_values=True)
    right = all(given.get(name) and value in {"", given[name][0]} for name, value in SIGNED.items())
    once = all(len(values) == 1 for values in given.values()) and "Action" not in given
    scope = given.get("X-Amz-Credential", [""])[0].split("/")[-2:]
    other = any(name in request.headers for name in _OF_OTHER_SERVICES) or request.path.startswith("/_")
    if right and once and scope == ["s3", "aws4_request"] and not other:
        return ""
    return "Containers may use presigned S3 URLs only."


def _of_page(request: Request) -> str:
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        return f"Web pages of {origin} may not use the emulated AWS."
    if request.headers.get("sec-fetch-site") in _FOREIGN:
        return "Web pages of other sites may not use the emulated AWS."
    return ""


def _loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _local_name(host: str) -> bool:
    """Names that resolve to this machine everywhere, or that nobody can make resolve to it."""
    return host == "localhost" or host.endswith((".localhost", ".amazonaws.com")) or _loopback(host)
