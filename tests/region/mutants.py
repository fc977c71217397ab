"""Ways to break the pipeline on purpose, and how many histories each takes to be caught.

``python tests/region/mutants.py [--most N] [--seed FIRST] [NAME ...]``; each breaks a process of its own.
"""

import argparse
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parent), str(_HERE.parent.parent)]

import region_clock  # noqa: E402, F401 - before the pipeline
from region_histories import History  # noqa: E402


def put(place: str, value: Any) -> None:
    """Replace what a module or a class calls so: ``module:name`` or ``module:Class.name``."""
    module, _, name = place.partition(":")
    owner, _, attribute = name.rpartition(".")
    found = import_module(module)
    setattr(getattr(found, owner) if owner else found, attribute, value)


def nothing(*_: object, **__: object) -> None:
    """Do nothing."""


@contextmanager
def _free(*_: object) -> Iterator[None]:
    yield


def _open_gate(*_: object, **__: object) -> Any:
    from pipeline.delivery.model import Verification
    from pipeline.ecs.model import Outcome

    return Verification(Outcome.SUCCEEDED, "2 tasks healthy in every target group.")


def _strict_check(service: Any, outputs: Any, requested: Any, settings: Any) -> Any:
    from pipeline.delivery.verify import verify_primary

    return verify_primary(service, outputs, requested, settings, service.require().desired)


def _unprotected(*_: object, **__: object) -> Any:
    from pipeline.ecr.model import ProtectedImages

    return ProtectedImages({})


MUTANTS: dict[str, Callable[[], object]] = {
    "forget the note before the call": lambda: put(
        "pipeline.release.store:ReleaseStore.write_open_rollout", nothing
    ),
    "never read the note": lambda: put("pipeline.release.store:ReleaseStore.open_rollout", nothing),
    "see nothing of what a killed run left": lambda: put(
        "pipeline.ecs.oneoff:OneOffTasks.left_behind", lambda *_: ()
    ),
    "go through no gate": lambda: [
        put("tasks.gates:verify", _open_gate),
        put("tasks.gates:_read_logs", lambda _, found, *__: found),
    ],
    "protect no image": lambda: put("tasks.image:_in_use", _unprotected),
    "believe every answer over HTTP": lambda: put("pipeline.health.probe:judge", lambda *_: True),
    "let two deliver at once": lambda: put("region_runs:Runs.slot", _free),
    "check health of PRIMARY's own tasks": lambda: put("tasks.gates:verify_running", _strict_check),
    "swap the database without stopping the service": lambda: put(
        "pipeline.recovery.carry:RestoreSteps.stop", nothing
    ),
    "start tasks in the middle of a restore": lambda: [
        put(f"tasks.{name}:require_none_open", nothing) for name in ("rollout", "recovery", "database")
    ],
    "leave a failed release where it is": lambda: put(
        "flows.deploy_application:roll_back_release", lambda *_: "Release r0 runs again."
    ),
    "close no rollout": lambda: put("pipeline.release.store:ReleaseStore.close_rollout", nothing),
    "let every alarm speak against a release": lambda: put(
        "tasks.gates:with_alarms",
        lambda found, alarms, since, _telling: import_module("pipeline.delivery.evidence").with_alarms(
            found, alarms, since, [item.name for item in alarms]
        ),
    ),
    "never put auto scaling back": lambda: put("pipeline.ecs.scaling:AutoScaling.keep_minimum", nothing),
    "stop no smoke test": lambda: put("pipeline.ecs.oneoff:OneOffTasks.stop", nothing),
}


def caught(asked: tuple[str, int, int]) -> tuple[str, int, str]:
    """Break it, and play until a promise is broken; return after how many histories, and what was said."""
    import region_stand_ins

    name, first, most = asked
    region_stand_ins.prepare()
    MUTANTS[name]()
    for count in range(1, most + 1):
        history = History(first + count - 1)
        history.world.wire.short = True
        try:
            broken = history.play()
        except Exception as error:  # noqa: BLE001 - a crash is a wrong result as well
            broken = [f"{type(error).__name__}: {error}"]
        if broken:
            return name, count, broken[0]
    return name, 0, ""


def main() -> int:
    """Tell for each how many histories it took."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("names", nargs="*", default=list(MUTANTS))
    asked.add_argument("--most", type=int, default=300)
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args()
    context = multiprocessing.get_context("fork")
    wanted = [(name, options.seed, options.most) for name in options.names]
    survivors = 0
    with context.Pool(2, maxtasksperchild=1) as pool:
        for name, count, said in pool.imap_unordered(caught, wanted):
            survivors += not count
            after = f"caught after {count} histories: {said}" if count else f"not caught in {options.most}"
            sys.stdout.write(f"{name}: {after}\n")
            sys.stdout.flush()
    return bool(survivors)


if __name__ == "__main__":
    sys.exit(main())
