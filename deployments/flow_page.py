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
        f"| `{name}` | {_cell(item.get('description', ''))} | {_default(item)} |"
        for name, item in parameter_schema(flow).properties.items()
    ]
    table = ["| parameter | meaning | when left out |", "| --- | --- | --- |", *rows]
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
    return {True: "yes", False: "no"}.get(value, f"`{value}`") if isinstance(value, bool) else f"`{value}`"
