"""Stand-ins for what the flows' modules import of Prefect, and for Python's threads."""

import logging
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from types import ModuleType, SimpleNamespace
from typing import Any

import prefect
from region_clock import Event, Process, current
from region_runs import Suspended, present, runs


class _Logger:
    """Logger of the present run."""

    def log(self, level: int, text: object, *values: object) -> None:
        run = present()
        line = str(text) % values if values else str(text)
        run.lines.append(f"{runs().clock.seconds:8.1f} {logging.getLevelName(level)[0]} {line}")

    def info(self, text: object, *values: object) -> None:
        self.log(logging.INFO, text, *values)

    def warning(self, text: object, *values: object) -> None:
        self.log(logging.WARNING, text, *values)

    def error(self, text: object, *values: object) -> None:
        self.log(logging.ERROR, text, *values)

    def debug(self, *_: object) -> None:
        """Say nothing."""


class _FlowRun:
    parent_flow_run_id = None

    @property
    def id(self) -> str:
        return present().id

    @property
    def name(self) -> str:
        return present().id

    @property
    def parameters(self) -> dict[str, Any]:
        return present().parameters


class _Inline:
    """Executor that does at once what it is given."""

    def __init__(self, *_: object, **__: object) -> None:
        """Take what a ThreadPoolExecutor takes."""

    def __enter__(self) -> "_Inline":
        return self

    def __exit__(self, *_: object) -> None:
        """Have nothing to wait for."""

    def submit(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as an executor does
            future.set_exception(error)
        return future

    def map(self, work: Callable[..., Any], *items: Any) -> list[Any]:
        return [work(*each) for each in zip(*items, strict=False)]


class _Thread:
    """Thread in virtual time."""

    def __init__(self, target: Callable[[], None], **_: object) -> None:
        self._target, self._process = target, None

    def start(self) -> None:
        parent = current()
        assert parent is not None
        self._process = parent.clock.start(self._target, parent)

    def join(self, timeout: float | None = None) -> None:
        """Let it end."""
        while self._process is not None and not self._process.ended:
            time.sleep(0.25)


class _Event:
    """Event in virtual time; who waits for it again and again does so every two seconds at most."""

    def __init__(self) -> None:
        self._set = False
        self._waited: tuple[Process, Event] | None = None

    def set(self) -> None:
        self._set = True
        if self._waited is not None:
            process, waited = self._waited
            waited.cancel()
            process.clock.at(0, process.wake)

    def is_set(self) -> bool:
        return self._set

    def wait(self, timeout: float) -> bool:
        process = current()
        if not self._set and process is not None:
            self._waited = process, process.clock.at(max(timeout, 2.0), process.wake)
            process.pause()
            self._waited = None
        return self._set


def _call(task: Any, *args: Any, **kwargs: Any) -> Any:
    """Run a task as Prefect would: again after a transient error, where it was made so."""
    from tasks.support import is_transient

    for delay in (*(task.retry_delay_seconds if task.retries else ()), None):
        try:
            return task.fn(*args, **kwargs)
        except Exception as error:
            if delay is None or not is_transient(error):
                raise
            _Logger().warning("%s is tried again: %s", task.name, error)
            time.sleep(delay)
    raise AssertionError


def _suspend(wait_for_input: Any, timeout: int, key: str) -> Any:
    run = present()
    if key not in run.answers:
        raise Suspended(key, "")
    decision = "approve" if run.answers[key] else "refuse"
    return SimpleNamespace(decision=decision, approved=run.answers[key], by="operator", note="")


def _emit(event: str, resource: dict[str, str], payload: dict[str, Any]) -> None:
    runs().events.append((runs().clock.seconds, present().id, event.removeprefix("vimbiso."), payload))


def _nothing(*_: object, **__: object) -> None:
    """Show nothing."""


def _refused(*_: object, **__: object) -> None:
    raise AssertionError("A flow asks Prefect's server for what the region has no stand-in for.")


def _slot(live: Any, kind: str, patience: float) -> Any:
    return runs().slot(live, kind, patience)


def _told(_: Any, record: Any) -> bool:
    """Whether the record's run came to its end, or a later one of this flow completed."""
    known = runs().all
    first = next(index for index, run in enumerate(known) if run.id == record.flow_run)
    flow, later = present().flow, known[first:]
    return later[0].state in ("COMPLETED", "FAILED") or any(
        run.flow == flow and run.state == "COMPLETED" for run in later
    )


def stand_in(replaced: dict[str, Any]) -> None:
    """Put stand-ins where modules of the pipeline have imported Prefect's and Python's own."""
    prefect.Task.__call__ = _call
    stand_ins: dict[str, Any] = {
        "get_run_logger": _Logger,
        "flow_run": _FlowRun(),
        "deployment": SimpleNamespace(id="deployment", name=None),
        "prompted_keys": lambda: frozenset(present().prompted),
        "suspend_flow_run": _suspend,
        "emit_event": _emit,
        "create_markdown_artifact": _nothing,
        "create_table_artifact": _nothing,
        "create_link_artifact": _nothing,
        "create_progress_artifact": _nothing,
        "update_progress_artifact": _nothing,
        "name_run": _nothing,
        "add_to_name": _nothing,
        "get_client": _refused,
        "enrolled_approvers": lambda _: (),
        "has_told": _told,
        "explain_failure": lambda *_: "",
        "_requested_by": lambda: "by hand",
        "_slot": _slot,
        "ThreadPoolExecutor": _Inline,
        **replaced,
    }
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("flows", "tasks", "pipeline"):
            for key, value in stand_ins.items():
                runtime = key in ("flow_run", "deployment")  # names of Prefect's modules, and of other things
                if key in vars(module) and (not runtime or isinstance(vars(module)[key], ModuleType)):
                    setattr(module, key, value)
    from pipeline.health import poll

    poll.threading = SimpleNamespace(Thread=_Thread, Event=_Event)  # type: ignore[assignment]


def seed(value: int) -> None:
    """Make what the pipeline itself draws reproducible."""
    random.seed(value)
