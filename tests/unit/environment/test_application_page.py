"""The page for applications and the settings tell the same."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from deployments.checkout.variables import SET
from pipeline.environment.application import ContainerSettings, DataSettings, DjangoSettings, Sidecar

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/your-application.md").read_text(encoding="utf-8")
TABLES = {
    "container": ContainerSettings,
    "data": DataSettings,
    "django": DjangoSettings,
    "sidecars.NAME": Sidecar,
}


def rows(table: str) -> dict[str, str]:
    """Return the rows of a table of the page by key."""
    text = PAGE.partition(f"| `{table}` | type |")[2].partition("\n\n")[0]
    found = [line for line in text.splitlines() if line.startswith("| `")]
    return {key: line for line in found for key in re.findall(r"`(\w+)`", line.split("|")[1])}


@pytest.mark.parametrize("table", TABLES)
def test_every_setting_is_on_the_page(table: str) -> None:
    """No key is missing, none is told that does not exist, and plain defaults are right."""
    model: type[BaseModel] = TABLES[table]
    told = rows(table)
    assert set(told) == set(model.model_fields)
    for name, field in model.model_fields.items():
        default = field.default
        if default not in (None, ...) and not field.is_required():
            shown = str(default).lower() if isinstance(default, bool) else str(default).replace("'", '"')
            shown = f'"{default}"' if isinstance(default, str) else shown
            assert f"`{shown}`" in told[name], name


def test_every_variable_is_on_the_page() -> None:
    """What the pipeline sets, Terraform's module among it, need not be asked for by anybody."""
    module = (ROOT / "terraform/modules/service/containers.tf").read_text(encoding="utf-8")
    by_terraform = set(re.findall(r"\b([A-Z][A-Z_]+) += ", module.partition("volumes")[0]))
    assert by_terraform <= set(SET)
    assert all(f"| `{name}` |" in PAGE for name in SET)
