"""What an apply that failed or was interrupted has done, and how to go on (pure)."""

from dataclasses import dataclass

from pipeline.terraform.progress import Progress


@dataclass(frozen=True)
class Aftermath:
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
        """How to go on, as text."""
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


def aftermath(progress: Progress, *, graceful: bool) -> Aftermath:
    """Judge the progress at the end of an apply; ``graceful`` is False when Terraform was killed."""
    in_flight = tuple(progress.running)
    cut_off = tuple(name for name in in_flight if _creates(progress, name))
    return Aftermath(
        done=progress.done,
        failed=progress.failed,
        in_flight=in_flight,
        untouched=progress.waiting,
        possible_orphans=cut_off,
        lock_may_remain=not graceful,
    )


def _creates(progress: Progress, address: str) -> bool:
    return progress.running[address] in {"create", "replace"}
