"""Targets that hit nothing (pure): Terraform takes a mistyped one for "no changes" and succeeds."""

from collections.abc import Iterable

from pipeline.terraform.document import PlanDocument


def unmatched_targets(document: PlanDocument, targets: Iterable[str]) -> tuple[str, ...]:
    """Return the targets that no resource of the targeted plan belongs to."""
    return tuple(
        target for target in targets if not any(_within(item, target) for item in document.addresses)
    )


def _within(address: str, target: str) -> bool:
    return address == target or address.startswith((f"{target}.", f"{target}["))
