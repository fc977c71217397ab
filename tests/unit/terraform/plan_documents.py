"""Builds ``terraform show -json`` documents for the tests."""

from typing import Any


def change(address: str, actions: list[str], **parts: Any) -> dict[str, Any]:
    """Return one element of ``resource_changes``; all parts but ``reason`` and ``mode`` are its change's."""
    outer = {"action_reason": parts.pop("reason")} if "reason" in parts else {}
    kind = address.split(".")[-2].split("[")[0] if "module." not in address else address.split(".")[2]
    return {
        "address": address,
        "type": kind,
        "mode": parts.pop("mode", "managed"),
        **outer,
        "change": {"actions": actions, "before": None, "after": None, **parts},
    }


def document(*changes: dict[str, Any], drift: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """Return a whole plan."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "resource_changes": list(changes),
        "resource_drift": list(drift),
    }
