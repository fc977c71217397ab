"""The bill of materials of the pipeline's own image."""

import json
from pathlib import Path

import pytest
from support.image_layers import METADATA, RELEASE, STATUS

from deployments.image.bill import main


def test_it_lists_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Debian's packages, Python's, and Terraform; nothing of what is mounted."""
    root, tools = tmp_path / "root", tmp_path / "bin"
    files = {
        "var/lib/dpkg/status": STATUS,
        "usr/lib/os-release": RELEASE,
        "venv/lib/python3.12/site-packages/d.dist-info/METADATA": METADATA,
        "proc/1/x.dist-info/METADATA": METADATA.replace("24.3", "0"),
        "opt/pipeline/pyproject.toml": "",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    tools.mkdir()
    (tools / "terraform").write_text(
        '#!/bin/sh\necho \'{"terraform_version": "1.11.4"}\'\n', encoding="utf-8"
    )
    (tools / "terraform").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    target = tmp_path / "bill.json"
    assert main([str(target), str(root)]) == 0
    assert "3 packages" in capsys.readouterr().out
    bill = json.loads(target.read_text(encoding="utf-8"))
    assert bill["metadata"]["component"]["name"] == "vimbiso/pipeline"
    assert sorted(item["purl"] for item in bill["components"] if "purl" in item) == [
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u9?arch=amd64&distro=debian-12",
        "pkg:generic/terraform@1.11.4",
        "pkg:pypi/django-filter@24.3",
    ]


def test_the_image_makes_its_own() -> None:
    """After everything that is in it, and under the name that the documentation gives."""
    folder = Path(main.__code__.co_filename).parent
    text = (folder / "Dockerfile").read_text(encoding="utf-8")
    made = text.index('RUN ["python3", "-m", "deployments.image.bill", "/opt/pipeline/bill.json"]')
    assert made > max(text.rindex("COPY "), text.rindex("ENV "))
