"""Bounds of what a stranger may keep open, so that no proxy has to set them."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS = 256
"""Connections at once; one more is closed unheard."""
PATIENCE = 10.0
"""Seconds for a whole request to arrive."""
_ARRIVING = (h11.IDLE, h11.SEND_BODY)


class BoundedConnection(H11Protocol):
    """A connection that is closed where a request does not arrive in time, answered already or not."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._forget()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Go on with what has arrived."""
        super().handle_events()
        self._watch()

    def _watch(self) -> None:
        if self.conn.their_state not in _ARRIVING:
            self._forget()
        elif self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(PATIENCE, self.transport.abort)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
