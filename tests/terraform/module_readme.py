"""Writes the tables of the modules' READMEs; ``python tests/terraform/module_readme.py`` renews them.

Reads what ``terraform fmt`` has formatted: a block begins at the margin and ends with a brace at the margin.
"""

import re
from dataclasses import dataclass
from pathlib import Path

MARKER = "<!-- Below this line: python tests/terraform/module_readme.py -->"
ROOT = Path(__file__).parents[2] / "terraform"

_BLOCK = re.compile(
    r'^(?P<kind>variable|output|resource) "(?P<first>[^"]+)"(?: "(?P<second>[^"]+)")? \{\n(?P<body>.*?)^\}',
    re.MULTILINE | re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"^  (?P<name>\w+)\s*= (?P<value>.*?)(?=^  \w+\s*(?:=|\{)|\Z)", re.MULTILINE | re.DOTALL
)
_NESTED = re.compile(r"^  \w+ \{\n.*?^  \}\n?", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One variable, output or resource with its plain attributes as written."""

    kind: str
    name: str
    attributes: dict[str, str]
    validated: bool

    @property
    def description(self) -> str:
        """The description without its quotes; empty where there is none."""
        return self.attributes.get("description", "").strip('"').replace('\\"', '"').replace("|", "\\|")


def folders() -> list[Path]:
    """Return the root modules and every module below them."""
    return [ROOT, ROOT / "platform", *sorted(path for path in (ROOT / "modules").iterdir() if path.is_dir())]


def blocks(folder: Path) -> list[Block]:
    """Return the module's blocks in the order of file and line."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.tf"))]
    return [_block(match) for text in texts for match in _BLOCK.finditer(text)]


def readme(folder: Path) -> str:
    """Return what the module's README must say: its own introduction, then the generated tables."""
    path = folder / "README.md"
    introduction = path.read_text(encoding="utf-8").partition(MARKER)[0].rstrip()
    return f"{introduction}\n\n{MARKER}\n\n{_tables(blocks(folder))}"


def _block(match: re.Match[str]) -> Block:
    name = ".".join(filter(None, (match["first"], match["second"])))
    body = match["body"]
    plain = _NESTED.sub("", body)
    attributes = {found["name"]: found["value"].strip() for found in _ATTRIBUTE.finditer(plain)}
    return Block(match["kind"], name, attributes, "  validation {" in body)


def _tables(found: list[Block]) -> str:
    parts = {
        "Variables": _table(
            ("Name", "Type", "Default", "Description"),
            [_variable(block) for block in found if block.kind == "variable"],
        ),
        "Outputs": _table(
            ("Name", "Description"),
            [(f"`{block.name}`", block.description) for block in found if block.kind == "output"],
        ),
        "Resources": "".join(f"- `{block.name}`\n" for block in found if block.kind == "resource"),
    }
    return "\n".join(f"## {title}\n\n{text}" for title, text in parts.items() if text)


def _variable(block: Block) -> tuple[str, str, str, str]:
    kind = re.sub(r"\s+", " ", block.attributes.get("type", "")).replace("|", "\\|")
    default = re.sub(r"\s+", " ", block.attributes.get("default", ""))
    return f"`{block.name}`", f"`{kind}`", f"`{default}`" if default else "required", block.description


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Renew every README."""
    for folder in folders():
        (folder / "README.md").write_text(readme(folder), encoding="utf-8")


if __name__ == "__main__":
    main()
