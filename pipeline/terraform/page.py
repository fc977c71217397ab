"""A plan as people read it: in the form, the artifact, the message and on the command line (pure)."""

import re
from collections.abc import Iterable, Iterator

from pipeline.terraform.attributes import AttributeChange
from pipeline.terraform.document import Action
from pipeline.terraform.summary import PlanSummary, SummaryRow

_PLANNED = {
    Action.CREATE: "create",
    Action.UPDATE: "change",
    Action.REPLACE: "REPLACE (destroy, then create)",
    Action.DELETE: "DESTROY",
    Action.FORGET: "forget (it stays, unmanaged)",
}
_HAPPENED = {Action.DELETE: "deleted", Action.CREATE: "created"}


def plan_page(name: str, summary: PlanSummary) -> str:
    """Return the whole plan in Markdown whose source can be read as well: lists, which no page cuts."""
    parts = [f"## {name}: {summary.sentence}"]
    if summary.rows:
        parts.append(_listed((_PLANNED.get(row.action, "keep"), row) for row in summary.rows))
    if summary.drift:
        parts.append("Since the last apply, outside of Terraform:")
        parts.append(_listed((_HAPPENED.get(row.action, "changed"), row) for row in summary.drift))
    if summary.outputs:
        parts.append("Outputs:")
        parts.append("\n".join(f"- {item.action.value} {code(item.name)}" for item in summary.outputs))
    return "\n\n".join(parts)


def code(text: str) -> str:
    """Return the text as a span of code, whatever is in it."""
    marks = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{marks}{space}{text}{space}{marks}" if text else '`""`'


def _listed(rows: Iterable[tuple[str, SummaryRow]]) -> str:
    return "\n".join(line for word, row in rows for line in _lines(word, row))


def _lines(word: str, row: SummaryRow) -> Iterator[str]:
    yield f"- **{word}** {code(row.address)}{f': {row.reason}' if row.reason else ''}"
    yield from (f"    - {_change(item)}" for item in row.changed)
    if row.cost:
        yield f"    - cost: {row.cost}"


def _change(item: AttributeChange) -> str:
    return f"{code(item.path)}: {code(item.before)} -> {code(item.after)}"
