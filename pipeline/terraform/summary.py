"""A plan told to people: rows, counts, drift apart from intended change (pure)."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pipeline.terraform.attributes import UNKNOWN, AttributeChange
from pipeline.terraform.document import Action, OutputChange, PlanDocument, ResourceChange

_EXISTENCE = {
    "aws_nat_gateway": "a NAT gateway is billed by the hour and by the GB",
    "aws_lb": "a load balancer is billed by the hour and by capacity unit",
    "aws_eip": "a public address is billed by the hour",
    "aws_vpc_endpoint": "an interface endpoint is billed by the hour per zone",
    "aws_efs_file_system": "a file system is billed by stored GB and throughput",
    "aws_wafv2_web_acl": "a web ACL is billed by month, rule and request",
    "aws_route53_zone": "a hosted zone is billed by the month",
    "aws_kms_key": "a key is billed by the month",
    "aws_secretsmanager_secret": "a secret is billed by the month",
    "aws_ecs_service": "its tasks are billed by vCPU and GB per second",
    "aws_flow_log": "flow logs are billed by the GB",
    "aws_cloudtrail": "trails beyond the first are billed by event",
    "aws_cloudwatch_dashboard": "dashboards beyond the third are billed by the month",
}
_ATTRIBUTES = {
    "aws_ecs_service": {"desired_count": "number of tasks", "launch_type": "launch type"},
    "aws_ecs_task_definition": {"cpu": "vCPU of every task", "memory": "memory of every task"},
    "aws_appautoscaling_target": {"min_capacity": "least tasks", "max_capacity": "most tasks"},
    "aws_cloudwatch_log_group": {"retention_in_days": "time that logs are kept"},
    "aws_efs_file_system": {
        "throughput_mode": "throughput mode",
        "provisioned_throughput_in_mibps": "throughput",
    },
    "aws_dynamodb_table": {
        "billing_mode": "billing mode",
        "read_capacity": "capacity",
        "write_capacity": "capacity",
    },
}


def cost_pointer(change: ResourceChange) -> str:
    """Say how the change touches the bill, or "" when it hardly does."""
    if not change.managed:
        return ""
    if change.action in {Action.CREATE, Action.DELETE} and change.type in _EXISTENCE:
        more = "more" if change.action is Action.CREATE else "less"
        return f"{more}, {_EXISTENCE[change.type]}"
    if change.action not in {Action.UPDATE, Action.REPLACE}:
        return ""
    watched = _ATTRIBUTES.get(change.type, {})
    notes = [
        f"{watched[attribute.path]}: {attribute.before} to {attribute.after}"
        for attribute in change.attributes
        if attribute.path in watched
    ]
    return "; ".join(notes)


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


def unmatched_targets(document: PlanDocument, targets: Iterable[str]) -> tuple[str, ...]:
    """Return the targets that no resource of the targeted plan belongs to."""
    return tuple(
        target for target in targets if not any(_within(item, target) for item in document.addresses)
    )


def _within(address: str, target: str) -> bool:
    return address == target or address.startswith((f"{target}.", f"{target}["))


@dataclass(frozen=True)
class SummaryRow:
    """One resource of the plan."""

    address: str
    action: Action
    reason: str
    """Why, in words; "" where it needs no explanation."""
    changed: tuple[AttributeChange, ...]
    """What changes; sensitive values are hidden, and what AWS will choose is left out."""
    cost: str
    """How it touches the bill, or ""."""
    adopted: bool = False
    """Whether it exists, and Terraform takes it over."""


@dataclass(frozen=True)
class PlanSummary:
    """A whole plan. ``rows`` are intended changes, ``drift`` is what happened outside of Terraform."""

    rows: tuple[SummaryRow, ...]
    drift: tuple[SummaryRow, ...]
    outputs: tuple[OutputChange, ...]

    def count(self, action: Action) -> int:
        """Return how many resources the action befalls."""
        return Counter(row.action for row in self.rows)[action]

    @property
    def sentence(self) -> str:
        """The counts as one line."""
        names = {
            Action.CREATE: "to create",
            Action.UPDATE: "to change",
            Action.REPLACE: "to REPLACE",
            Action.DELETE: "to DESTROY",
            Action.FORGET: "to forget",
        }
        parts = [f"{self.count(action)} {name}" for action, name in names.items() if self.count(action)]
        if adopted := sum(row.adopted for row in self.rows):
            parts.append(f"{adopted} to take over")
        if self.drift:
            parts.append(f"{len(self.drift)} changed outside of Terraform")
        if not parts and self.outputs:
            parts.append("only outputs change")
        return ", ".join(parts) or "nothing to change"


def name_difference(summary: PlanSummary) -> str:
    """Name what somebody changed, else what is not applied, the first in full, and what to do; or ""."""
    rows = summary.drift or summary.rows
    if not rows:
        return "Outputs are not applied yet. Run deploy-infrastructure." if summary.outputs else ""
    first, more = rows[0], f" {len(rows) - 1} more." if len(rows) > 1 else ""
    item = next(iter(first.changed), None)
    what = f"{item.path} {item.before} -> {item.after}" if item else first.action.value
    how, step = ("by hand", _UNDO) if summary.drift else ("not applied yet", "Run deploy-infrastructure.")
    if summary.drift and all(row.address != first.address for row in summary.rows):
        step = _STAYS
    return f"{first.address}: {what}, {how}.{more} {step}"


_UNDO = "Run deploy-infrastructure: it brings the configuration back."
_STAYS = "No plan undoes this: undo it by hand, or write it into terraform/."
_ORDER = {Action.DELETE: 0, Action.REPLACE: 1, Action.UPDATE: 2, Action.CREATE: 3}


def summarise(document: PlanDocument) -> PlanSummary:
    """Summarise a plan; rows that destroy something come first."""
    drifted = {(change.address, item) for change in document.drift for item in change.attributes}
    rows = [
        _row(change, _reason(change) or _undoes(change, drifted))
        for change in document.changes
        if change.managed
    ]
    return PlanSummary(
        rows=tuple(sorted(rows, key=lambda row: (_ORDER.get(row.action, 9), row.address))),
        drift=tuple(_row(change, "") for change in document.drift if change.attributes),
        outputs=document.outputs,
    )


def _undoes(change: ResourceChange, drifted: Collection[tuple[str, AttributeChange]]) -> str:
    """Say so where a value goes back that was changed outside of Terraform; another value is no return."""
    came = ((change.address, AttributeChange(i.path, i.after, i.before)) for i in change.attributes)
    return "brings back what was changed outside of Terraform" if any(i in drifted for i in came) else ""


def _row(change: ResourceChange, reason: str) -> SummaryRow:
    return SummaryRow(
        address=change.address,
        action=change.action,
        reason=reason,
        changed=tuple(item for item in change.attributes if _is_telling(change, item)),
        cost=cost_pointer(change),
        adopted=change.imported,
    )


def _reason(change: ResourceChange) -> str:
    if change.imported and change.action is not Action.REPLACE:
        return "it exists, and is taken over"
    if change.previous_address:
        return f"until now {change.previous_address}"
    forcing = [attribute.path for attribute in change.attributes if attribute.forces_replacement]
    reason = explain_reason(change.reason)
    return f"{reason} ({', '.join(dict.fromkeys(forcing))})" if reason and forcing else reason


def _is_telling(change: ResourceChange, attribute: AttributeChange) -> bool:
    if change.action is Action.DELETE:
        return False
    chosen_by_aws = attribute.after == UNKNOWN and change.action is not Action.UPDATE
    return attribute.forces_replacement or not chosen_by_aws
