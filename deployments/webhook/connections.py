"""Bounds of what a stranger may keep open, so that no proxy has to set them."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

CONNECTIONS = 256
"""Connections at once; one more is closed unheard."""
PATIENCE = 10.0
"""Seconds for a whole request to arrive."""
ANSWERING = 30.0
"""Seconds for its answer to be made and taken: who does not read is not waited for either."""
_PIECE = 4096
"""Bytes parsed before the next look at what they are."""
_ARRIVING = (h11.IDLE, h11.SEND_BODY)


class BoundedConnection(H11Protocol):
    """A connection that is closed where a request does not arrive, or its answer is not taken, in time.

    Bodies in chunks are not parsed, as one of a byte costs as much as one of many: their senders are refused.
    """

    _deadline: asyncio.TimerHandle | None = None
    _awaited: RequestResponseCycle | None = None
    """What is being answered; none while a request arrives."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        super().connection_lost(exc)
        if self._deadline is not None:
            self._deadline.cancel()

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived; what comes ahead of an answer ends the connection after it."""
        for begin in range(0, len(data), _PIECE):
            if self.transport.is_closing() or self._is_chunked():
                return
            if self.conn.their_state not in _ARRIVING:
                self.cycle.keep_alive = False
                return
            super().data_received(data[begin : begin + _PIECE])

    def handle_events(self) -> None:
        """Go on with what has arrived."""
        super().handle_events()
        self._watch()

    def _is_chunked(self) -> bool:
        names = (name for name, _ in self.headers or ())
        return self.conn.their_state is h11.SEND_BODY and b"transfer-encoding" in names

    def _watch(self) -> None:
        awaited = None if self.conn.their_state in _ARRIVING else self.cycle
        if self._deadline is None or awaited is not self._awaited:
            if self._deadline is not None:
                self._deadline.cancel()
            self._awaited = awaited
            patience = PATIENCE if awaited is None else ANSWERING
            self._deadline = self.loop.call_later(patience, self.transport.abort)
