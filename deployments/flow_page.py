"""A flow's docstring as the page that the UI shows."""

import inspect
import re
from typing import Any

from prefect import Flow
from prefect.utilities.callables import parameter_schema

_ARGUMENTS = "\nArgs:\n"


def flow_page(flow: Flow[..., Any]) -> str:
    """Return Markdown: what the flow does, when it fails, a table of its parameters, its runbook page."""
    told = inspect.cleandoc(flow.description or "").partition(_ARGUMENTS)[0].strip()
    rows = [
        f"| `{name}` | {_default(item)} | {_cell(item.get('description', ''))} |"
        for name, item in parameter_schema(flow).properties.items()
    ]
    table = ["| parameter | when left out | meaning |", "| --- | --- | --- |", *rows]
    return "\n\n".join(
        [_unwrapped(told), "### Parameters", "\n".join(table), f"Runbook: `docs/runbook/{flow.name}.md`"]
    )


def _unwrapped(text: str) -> str:
    """Join the lines of each paragraph, which the UI would show as they are broken in the source."""
    return re.sub(r"(?<!\n)\n(?![\n*|-])", " ", text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _default(item: dict[str, Any]) -> str:
    if "default" not in item:
        return "required"
    value = item["default"]
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"`{value}`"
