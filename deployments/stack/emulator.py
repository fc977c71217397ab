"""Runs MiniStack, lets it save its state soon after every change, and mends its load balancer.

By itself it saves when it ends in order, so that a kill or a power cut loses everything but S3's objects: a
Terraform state would then describe infrastructure that is gone.
"""

import threading
import time
from typing import Any

from ministack import app as ministack  # type: ignore[import-untyped] # has no types
from ministack.core.persistence import save_all  # type: ignore[import-untyped] # has no types
from ministack.services import alb  # type: ignore[import-untyped] # has no types

from deployments.stack.balancing import passing_over

_PAUSE = 1.0
"""Seconds between a change and its save, and between two saves."""


class Saver:
    """Wraps the emulator's ASGI application and saves its state after requests that may change it."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
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
            time.sleep(_PAUSE)
            self._changed.clear()
            save_all(ministack._build_persistence_save_dict())


def main() -> None:
    """Serve until a signal ends it."""
    alb._proxy_http_target = passing_over(alb._proxy_http_target, lambda group: alb._targets.get(group, []))
    saver = Saver(ministack.app)
    ministack.app = saver
    threading.Thread(target=saver.run, name="saver", daemon=True).start()
    ministack.main()


if __name__ == "__main__":
    main()
