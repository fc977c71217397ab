"""The local stack from nothing to ready, and again with its state kept."""

import os
import statistics
import time

from bench.figures import Report, Series, at_most
from bench.workshop import FIRST_PORT, Workshop
from stack_commands import Stack, free_ports
from support.settings import stack_settings

from deployments.local.stack.environment import child_environment

_WHY_WARM = (
    "Most of it is the import of the Prefect server, which nothing but a process that stays could save; "
    "worker and receiver import Prefect beside it, on two cores."
)


def start(shop: Workshop) -> Report:
    """Start, stop, start again, and remove."""
    cold, warm, nothing, registered = [], [], [], []
    for _ in range(min(shop.sizes.times, 2)):
        settings = stack_settings(shop.room() / "state", *free_ports(FIRST_PORT))
        stack = Stack(settings, child_environment(settings, os.environ))
        try:
            cold.append(_up(stack))
            nothing.append(_up(stack))
            _register(stack)
            registered.append(_register(stack))
            stack.run("down")
            warm.append(_up(stack))
        finally:
            stack.run("clean")
    return Report(
        name="start",
        title="Start of the stack",
        groups=(
            (Series("cold: no state, Prefect makes its database", "s", tuple(cold)),),
            (Series("warm: state kept", "s", tuple(warm)),),
            (Series("everything runs already", "s", tuple(nothing)),),
            (again := Series("register, nothing changed", "s", tuple(registered)),),
        ),
        goals=(
            at_most("stack warm within 4 s", statistics.median(warm), 4, "s", _WHY_WARM),
            at_most("register within 1 s where nothing changed", again.median, 1, "s"),
        ),
        remarks=("From the command to emulator, Prefect server, worker and webhook receiver all ready.",),
    )


def _up(stack: Stack) -> float:
    began = time.monotonic()
    stack.up()
    return time.monotonic() - began


def _register(stack: Stack) -> float:
    began = time.monotonic()
    done = stack.run("register", "local")
    if done.returncode:
        raise RuntimeError(done.stderr)
    return time.monotonic() - began
