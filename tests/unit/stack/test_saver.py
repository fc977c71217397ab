"""The emulator's state is saved soon after each change, and a change made during a save is saved, too."""

import asyncio
import threading
from queue import Queue

import pytest

from deployments.local.stack.emulator import PAUSE, Saver


class Emulator:
    """Has a state of one number, saves it when it is let, and measures no time but the pauses asked for."""

    def __init__(self) -> None:
        self.value, self.pauses = 0, list[float]()
        self.saving, self.go_on = Queue[int](), threading.Semaphore(0)
        self.saver = Saver(self, self.save, self.pauses.append)
        threading.Thread(target=self.saver.run, daemon=True).start()

    async def __call__(self, scope: dict[str, str], _receive: object, _send: object) -> None:
        """Answer a request: all but reads change the state."""
        self.value += scope["method"] not in {"GET", "HEAD"}

    def ask(self, method: str) -> None:
        """Send a request and wait for its answer."""
        asyncio.run(self.saver({"type": "http", "method": method}, None, None))

    def save(self) -> None:
        """Take what there is, tell it, and go on when told to; for ever on a daemon thread."""
        self.saving.put(self.value)
        self.go_on.acquire()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_change_is_saved_after_one_pause(method: str) -> None:
    """The save begins a second after the answer, and holds the change."""
    emulator = Emulator()
    emulator.ask(method)
    assert emulator.saving.get(timeout=240) == 1
    assert emulator.pauses == [PAUSE] == [1.0]


def test_a_change_during_a_save_is_in_the_next_one() -> None:
    """It came too late for the save under way: another one follows after one more pause."""
    emulator = Emulator()
    emulator.ask("POST")
    assert emulator.saving.get(timeout=240) == 1
    emulator.ask("POST")
    emulator.go_on.release()
    assert emulator.saving.get(timeout=240) == 2
    assert emulator.pauses == [PAUSE, PAUSE]
