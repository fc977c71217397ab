"""A configuration as an archive."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.state import StateError, git_revision, pack, unpack


def configuration(folder: Path) -> Path:
    """Write a small root module with things that don't belong into a record."""
    for name in ("main.tf", "modules/a/main.tf", "environments/staging.tfvars", ".terraform.lock.hcl"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"# {name}\n")
    for name in (".terraform/providers/big", "terraform.tfstate", "old.tfplan", "tests/a.tftest.hcl"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("not this")
    return folder


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    """Times and order of writing leave no trace."""
    first = pack(configuration(tmp_path / "a"), {"x": 1, "y": 2})
    again = configuration(tmp_path / "b")
    os.utime(again / "main.tf", (0, 0))
    assert pack(again, {"y": 2, "x": 1}) == first


def test_only_the_configuration_is_packed(tmp_path: Path) -> None:
    """Files, provider lock and variables; no state, plan, provider or test."""
    assert pack(configuration(tmp_path), {}).files == (
        ".terraform.lock.hcl",
        "environments/staging.tfvars",
        "main.tf",
        "modules/a/main.tf",
        "pipeline.tfvars.json",
    )


def test_a_bundle_unpacks_to_what_was_packed_without_secrets(tmp_path: Path) -> None:
    """Files come back as they were; a secret variable does not come back at all."""
    source = configuration(tmp_path / "source")
    bundle = pack(source, {"x": [1], "token": "hidden-value"}, {"token"})
    assert unpack(bundle.body, bundle.sha256, tmp_path / "target") == {"x": [1]}
    assert (tmp_path / "target" / "main.tf").read_text() == "# main.tf\n"
    assert b"hidden-value" not in bundle.body


def test_a_damaged_bundle_is_refused(tmp_path: Path) -> None:
    """Rolling back never runs something else than what was recorded."""
    bundle = pack(configuration(tmp_path / "source"), {})
    with pytest.raises(StateError, match="damaged"):
        unpack(bundle.body[:-1], bundle.sha256, tmp_path / "target")
    assert not (tmp_path / "target").exists()


NAMES = st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=8)


@given(st.dictionaries(NAMES, st.none() | st.integers() | st.text()))
def test_variables_survive_the_archive(variables: dict[str, object]) -> None:
    """Whatever they are."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty"
        empty.mkdir()
        bundle = pack(empty, variables)
        assert unpack(bundle.body, bundle.sha256, Path(folder) / "target") == variables


def test_the_git_revision_tells_uncommitted_changes(tmp_path: Path) -> None:
    """A commit, a commit with changes on top, or nothing outside of git."""
    assert git_revision(tmp_path) == ""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    (tmp_path / "f").write_text("1")
    subprocess.run([*git, "add", "f"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "one"], check=True)
    clean = git_revision(tmp_path)
    assert len(clean) == 40
    (tmp_path / "f").write_text("2")
    assert git_revision(tmp_path) == f"{clean}+changes"
