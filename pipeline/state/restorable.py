"""Whether an earlier version may become the state again (pure)."""

from dataclasses import dataclass

from pipeline.state.model import StateError, StateHead


class RestoreRefusedError(StateError):
    """The state is whole, or the candidate does not fit; nothing was done."""


@dataclass(frozen=True)
class PresentState:
    """The state as it is, whole or not."""

    head: StateHead | None
    """None when it is missing or damaged."""
    missing: bool
    digest_agrees: bool
    """Whether the lock table expects this very content."""
    version_id: str = ""

    @property
    def whole(self) -> bool:
        """Whether Terraform can work with it."""
        return self.head is not None and self.digest_agrees

    @property
    def told(self) -> str:
        """What is wrong with it, or what it is, as words."""
        if self.missing:
            return "missing"
        if self.head is None:
            return "damaged"
        found = f"serial {self.head.serial} with {self.head.resources} resources"
        return found if self.digest_agrees else f"{found}, but the lock table expects another content"


def judge_restore(present: PresentState, candidate: StateHead, *, even_if_whole: bool) -> str:
    """Return why the candidate must not replace the present state, or "" (pure).

    An old state changes no infrastructure: resources made since would be orphaned. So it is for lost or
    damaged states; with ``even_if_whole`` a person confirms that they know this.
    """
    head = present.head
    if head and head.lineage != candidate.lineage:
        return f"the candidate is of another lineage ({candidate.lineage}) than the state ({head.lineage})."
    if head and head.sha256 == candidate.sha256 and present.digest_agrees:
        return "the state is this version already."
    if present.whole and not even_if_whole:
        return "the state is readable. To change infrastructure back, run rollback-infrastructure."
    return ""
