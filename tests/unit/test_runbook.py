"""The runbook and prefect.yaml tell the same."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = ROOT / "docs" / "runbook"
NOT_FLOWS = {"README", "environments", "troubleshooting", "upgrade"}


def _decorators(path: Path) -> Iterator[tuple[str, str]]:
    """Yield function and flow name of each flow of a file, without importing it."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        for call in getattr(node, "decorator_list", []):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "flow":
                name = next(item.value for item in call.keywords if item.arg == "name")
                yield node.name, ast.literal_eval(name)  # type: ignore[attr-defined]


def _flow_names() -> dict[str, str]:
    """Return the name of each flow by its entrypoint."""
    files = sorted((ROOT / "flows").glob("*.py"))
    return {f"flows/{path.name}:{function}": name for path in files for function, name in _decorators(path)}


def _deployments() -> list[dict[str, Any]]:
    document = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    return list(document["deployments"])


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


FLOWS = _flow_names()
PAGES = [*sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("*.md"))]


def test_every_flow_has_a_page_and_every_page_a_flow() -> None:
    """Whoever looks a flow up finds it, and finds no flow that is gone."""
    pages = {path.stem for path in RUNBOOK.glob("*.md")} - NOT_FLOWS
    assert pages == set(FLOWS.values())


def test_every_flow_is_deployed() -> None:
    """A flow with a page can be started in the UI."""
    assert {item["entrypoint"] for item in _deployments()} == set(FLOWS)


def test_schedules_are_those_of_the_table() -> None:
    """The index says when a flow runs by itself, in every environment that is scheduled."""
    index = (RUNBOOK / "README.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| ([a-z-]+) \| `([^`]+)` \|", index, re.MULTILINE))
    scheduled = {
        (FLOWS[item["entrypoint"]], schedule["cron"])
        for item in _deployments()
        for schedule in item.get("schedules", [])
    }
    assert scheduled == told


@pytest.mark.parametrize("name", sorted(FLOWS.values()))
def test_page_names_every_parameter(name: str) -> None:
    """A page explains the parameters that the flow has, and no others."""
    entrypoint = next(item for item, flow in FLOWS.items() if flow == name)
    path, function = entrypoint.split(":")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    page = (RUNBOOK / f"{name}.md").read_text(encoding="utf-8")
    section = page.split("## Parameters", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [item.arg for item in found.args.args]


@pytest.mark.parametrize("path", PAGES, ids=_relative)
def test_links_lead_somewhere(path: Path) -> None:
    """No link or picture of the documentation points at a file or heading that is not there."""
    text = path.read_text(encoding="utf-8")
    broken = [
        target
        for target in re.findall(r"\]\(([^)\s]+)\)", text)
        if not target.startswith(("http://", "https://")) and not _exists(path, target)
    ]
    assert broken == []


def _exists(source: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    file = (source.parent / name).resolve() if name else source
    return file.exists() and (not anchor or anchor in _anchors(file))


def _anchors(file: Path) -> set[str]:
    """Return the anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_decision_is_in_the_index() -> None:
    """Each by its number and its title."""
    told = [
        f"| [{int(path.name[:4])}]({path.name}) | {title.partition('. ')[2]} |"
        for path in sorted(ROOT.glob("docs/adr/0*.md"))
        for title in path.read_text(encoding="utf-8").splitlines()[:1]
    ]
    index = (ROOT / "docs/adr/README.md").read_text(encoding="utf-8").splitlines()
    assert told == [line for line in index if line.startswith("| [")]
