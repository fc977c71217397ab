"""Progress of an apply, folded from its events (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.terraform.document import PlanDocument
from pipeline.terraform.events import TerraformEvent

_STEPS = {"create": 1, "update": 1, "delete": 1, "read": 1, "replace": 2}
"""Start-and-complete pairs that Terraform tells per action; a replacement is a delete and a create."""


@dataclass(frozen=True)
class Progress:
    """The state of an apply. Addresses keep the order in which they were told."""

    planned: Mapping[str, str] = field(default_factory=dict)
    """Action by address."""
    steps: Mapping[str, int] = field(default_factory=dict)
    """Completed steps by address."""
    running: Mapping[str, str] = field(default_factory=dict)
    """Started and not yet ended: the action under way by address."""
    failed: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """Resources to work on."""
        return len(self.planned)

    @property
    def done(self) -> tuple[str, ...]:
        """Resources that are finished."""
        return tuple(
            address
            for address, action in self.planned.items()
            if self.steps.get(address, 0) >= _STEPS[action]
        )

    @property
    def waiting(self) -> tuple[str, ...]:
        """Resources that nothing was done to yet."""
        touched = {*self.running, *self.failed, *self.steps}
        return tuple(address for address in self.planned if address not in touched)

    @property
    def percent(self) -> float:
        """Share of finished steps, 0 to 100."""
        steps = sum(_STEPS[action] for action in self.planned.values())
        finished = sum(min(count, _STEPS[self.planned[address]]) for address, count in self.steps.items())
        return 100.0 * finished / steps if steps else 100.0


def expected(document: PlanDocument) -> Progress:
    """Return the progress of an apply that has not begun.

    Applying a saved plan tells nothing of what was planned, and a resumed run has heard no plan.
    """
    planned = {item.address: item.action.value for item in document.changes if item.action.value in _STEPS}
    return Progress(planned)


def advance(progress: Progress, event: TerraformEvent) -> Progress:
    """Return the progress after one more event."""
    address, action = event.address, event.action
    if event.kind == "planned_change":
        planned = {**progress.planned, address: action}
        return replace(progress, planned=planned) if action in _STEPS else progress
    if event.kind not in ("apply_start", "apply_progress", "apply_complete", "apply_errored"):
        return progress
    known = _known(progress, address, action)
    if event.kind in ("apply_start", "apply_progress"):
        return replace(known, running={**known.running, address: action})
    running = {name: action for name, action in known.running.items() if name != address}
    if event.kind == "apply_errored":
        return replace(known, failed=tuple(dict.fromkeys([*known.failed, address])), running=running)
    return replace(known, steps={**known.steps, address: known.steps.get(address, 0) + 1}, running=running)


def _known(progress: Progress, address: str, action: str) -> Progress:
    if address in progress.planned:
        return progress
    known = action if action in _STEPS else "update"
    return replace(progress, planned={**progress.planned, address: known})


@dataclass(frozen=True)
class PartialApply:
    """Addresses by what became of them."""

    done: tuple[str, ...]
    failed: tuple[str, ...]
    in_flight: tuple[str, ...]
    """Begun, end unknown: only when Terraform was killed."""
    untouched: tuple[str, ...]
    possible_orphans: tuple[str, ...]
    """May exist in AWS without being in the state: their creation was cut off."""
    lock_may_remain: bool

    @property
    def advice(self) -> str:
        """Next step, as text."""
        counts = f"{len(self.done)} done, {len(self.failed)} failed, {len(self.in_flight)} cut off"
        lines = [
            f"{counts}, {len(self.untouched)} not begun. What was done is in the state; nothing is undone."
        ]
        if self.lock_may_remain:
            lines.append("Run unlock-state: the lock may remain.")
        if self.possible_orphans:
            named = ", ".join(self.possible_orphans)
            lines.append(
                f"Look in AWS for {named}: it may exist without being in the state. "
                "Delete it there or import it, else the next run may say that it already exists."
            )
        lines.append("Then run deploy-infrastructure again: it plans only what is left.")
        return "\n".join(lines)


def partial_apply(progress: Progress, *, graceful: bool) -> PartialApply:
    """Judge the progress at the end of an apply; ``graceful`` is False when Terraform was killed."""
    in_flight = tuple(progress.running)
    cut_off = tuple(name for name in in_flight if progress.running[name] in {"create", "replace"})
    return PartialApply(
        done=progress.done,
        failed=progress.failed,
        in_flight=in_flight,
        untouched=progress.waiting,
        possible_orphans=cut_off,
        lock_may_remain=not graceful,
    )
