"""Terraform's reasons for an action, in words.

Source: ``action_reason`` in https://developer.hashicorp.com/terraform/internals/json-format.
"""

_REASONS = {
    "replace_because_tainted": "an earlier creation of it failed half-way",
    "replace_because_cannot_update": "an attribute changes that AWS cannot change in place",
    "replace_by_request": "its replacement was asked for",
    "replace_by_triggers": "something that it follows is replaced",
    "delete_because_no_resource_config": "it is no longer in the configuration",
    "delete_because_no_module": "its module is no longer in the configuration",
    "delete_because_wrong_repetition": "the configuration now uses count or for_each differently",
    "delete_because_count_index": "count is smaller now",
    "delete_because_each_key": "its key is no longer in for_each",
    "delete_because_no_move_target": "it was moved to an address that is not in the configuration",
    "read_because_config_unknown": "its arguments are known only during apply",
    "read_because_dependency_pending": "something it depends on changes",
    "read_because_check_nested": "it belongs to a check",
}


def explain_reason(reason: str) -> str:
    """Return the reason in words; an unknown one as Terraform names it."""
    return _REASONS.get(reason, reason.replace("_", " "))
