"""Runs MiniStack behind a guard, saves its state soon after every change, mends its load balancer and ECS.

By itself it listens on every address, and saves when it ends in order, so that a kill or a power cut loses
everything but S3's objects: a Terraform state would then describe infrastructure that is gone.
"""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import docker
from docker.errors import DockerException
from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as ministack  # type: ignore[import-untyped] # has no types
from ministack.core import router  # type: ignore[import-untyped] # has no types
from ministack.core.persistence import save_all  # type: ignore[import-untyped] # has no types
from ministack.services import alb  # type: ignore[import-untyped] # has no types

from deployments.local.stack import aging, blobs, tasks
from deployments.local.stack.guard import Request, refusal
from deployments.local.stack.settings import REGION
from pipeline.aws.access import AwsAccess

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

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


Forward = Callable[..., Awaitable[tuple[int, Any, Any]]]
"""Forwards one request to one target: (target, target group, method, *rest) to (status, headers, body)."""


_NOT_CONNECTED = (b"Connection refused", b"No route to host")
_SAFE = ("GET", "HEAD")
"""Methods that may be repeated (RFC 9110, 9.2.1) where it is not known whether the request was taken."""


def passing_over(forward: Forward, targets: Callable[[str], list[dict[str, Any]]]) -> Forward:
    """Return a forwarder that offers a request which nobody took to the group's other targets in turn."""

    async def offer(
        target: dict[str, Any], group: dict[str, Any], method: str, *rest: Any
    ) -> tuple[int, Any, Any]:
        answer = await forward(target, group, method, *rest)
        for other in list(targets(group["TargetGroupArn"])):
            if not _nobody_took(answer, method):
                break
            if other != target:
                answer = await forward(other, group, method, *rest)
        return answer

    return offer


def _nobody_took(answer: tuple[int, Any, Any], method: str) -> bool:
    """Whether the request may be offered again.

    A connection that was not made took nothing of it. "timed out" may mean the connection or the answer.
    """
    status, _, body = answer
    if status != 502 or not isinstance(body, bytes):
        return False
    reasons = (*_NOT_CONNECTED, b"timed out") if method.upper() in _SAFE else _NOT_CONNECTED
    return any(reason in body for reason in reasons)


def as_https(headers_for: Callable[..., dict[str, str]]) -> Callable[..., dict[str, str]]:
    """Tell targets that visitors came by HTTPS, as they do on AWS, where plain HTTP is redirected.

    MiniStack tells the listener's protocol, which is HTTP here for want of a certificate: an application with
    SECURE_SSL_REDIRECT would send every visitor to a port where nothing listens. Health checks come without
    these headers, here as on AWS.
    """

    def https_headers(*given: Any) -> dict[str, str]:
        return {**headers_for(*given), "x-forwarded-proto": "https", "x-forwarded-port": "443"}

    return https_headers


PAUSE = 1.0
"""Seconds between a change and its save, and between two saves."""
_KEPT_ALIVE = 3600
"""Seconds that an idle connection stays open, longer than any client keeps one: hypercorn carries out
a request that comes just as it closes the connection, and its answer is lost (21 of 120 on a busy loop)."""


class Saver:
    """Wraps the emulator's ASGI application and saves its state after requests that may change it."""

    def __init__(
        self, inner: Any, save: Callable[[], object], sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._inner, self._save, self._sleep = inner, save, sleep
        self._changed = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on; all but GET and HEAD may change state."""
        await self._inner(scope, receive, send)
        if scope["type"] == "http" and scope["method"] not in {"GET", "HEAD"}:
            self._changed.set()

    def run(self) -> None:
        """Save for ever; belongs on a daemon thread."""
        while True:
            self._changed.wait()
            self._sleep(PAUSE)
            self._changed.clear()
            self._save()


class Guard:
    """Wraps an ASGI application and answers 403 to what the guard refuses."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on, or say why not; nothing that is used needs a WebSocket."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        reason = refusal(_request(scope), _is_application) if scope["type"] == "http" else ""
        if not reason:
            await self._inner(scope, receive, send)
            return
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": reason.encode()})


def _request(scope: Any) -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = scope.get("query_string", b"").decode("latin-1")
    return Request(scope["method"], scope["path"], query, headers, (scope.get("server") or ("",))[0])


def _is_application(host: str) -> bool:
    return alb.find_lb_for_host(host) is not None


def serve_here(application: Any) -> None:
    """Serve on GATEWAY_PORT, to this machine and its containers, until a signal ends it."""
    sockets = listening(int(os.environ["GATEWAY_PORT"]), find_bridge())
    config = Config()
    config.bind = [f"fd://{item.detach()}" for item in sockets]
    config.keep_alive_timeout = _KEPT_ALIVE
    asyncio.run(serve(application, config))


def service_names() -> frozenset[str]:
    """Return the names by which requests to AWS's services are signed, without loading their models.

    The emulator itself loads all 400 models at the first request to a service that it lacks: 7 s and 300 MB.
    """
    names = botocore.session.get_session().get_available_services()
    return frozenset(names) | {name.replace("-", "") for name in names}


def _own_storage() -> "S3Client":
    """Return a client of this very emulator."""
    url = f"http://{LOOPBACK}:{os.environ['GATEWAY_PORT']}"
    client: S3Client = AwsAccess(REGION, url, "test", "test").client("s3")
    return client


def main() -> None:
    """Serve the emulated AWS."""
    router._KNOWN_AWS_SERVICE_NAMES = service_names()
    alb._proxy_http_target = passing_over(alb._proxy_http_target, lambda group: alb._targets.get(group, []))
    alb._target_headers = as_https(alb._target_headers)
    tasks.install()
    application = Guard(ministack.app)
    if os.environ.get("PERSIST_STATE") == "1":
        state = Path(os.environ["STATE_DIR"]).parent
        aging.start(blobs.install(state), state.parent / "logs", _own_storage())
        saver = Saver(ministack.app, lambda: save_all(ministack._build_persistence_save_dict()))
        threading.Thread(target=saver.run, name="saver", daemon=True).start()
        application = Guard(saver)
    serve_here(application)
