"""A configuration as an archive."""

import hashlib
import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.state.backup import VARIABLES, git_revision, pack, unpack
from pipeline.state.model import StateError


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


def archive(*entries: tarfile.TarInfo) -> tuple[bytes, str]:
    """Return an archive with these entries after a good one, and its digest; each file says "{}"."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for each in (entry(VARIABLES), *entries):
            tar.addfile(each, io.BytesIO(b"{}") if each.isreg() else None)
    return packed.getvalue(), hashlib.sha256(packed.getvalue()).hexdigest()


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    """Return an entry of two bytes, or one that has none."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode = kind, target, mode
    made.size = 2 if made.isreg() else 0
    return made


HOSTILE = {
    "absolute": [entry("/tmp/vimbiso-hostile")],  # noqa: S108 - where it would land is never written
    "above": [entry("../outside")],
    "above by a way round": [entry("modules/../../outside")],
    "nowhere": [entry(".")],
    "symbolic link": [entry("link", tarfile.SYMTYPE, "main.tf")],
    "file through a symbolic link": [entry("link", tarfile.SYMTYPE, ".."), entry("link/outside")],
    "hard link": [entry("link", tarfile.LNKTYPE, "../outside")],
    "character device": [entry("null", tarfile.CHRTYPE)],
    "block device": [entry("disk", tarfile.BLKTYPE)],
    "pipe": [entry("pipe", tarfile.FIFOTYPE)],
    "folder": [entry("folder", tarfile.DIRTYPE, mode=0o1777)],
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_an_archive_with_more_than_plain_files_below_its_folder_is_refused(
    hostile: list[tarfile.TarInfo], tmp_path: Path
) -> None:
    """On every Python, and before anything is written."""
    with pytest.raises(StateError, match="Nothing was unpacked"):
        unpack(*archive(*hostile), tmp_path / "target")
    assert list(tmp_path.iterdir()) == []


def test_modes_and_owners_of_an_archive_are_not_taken_over(tmp_path: Path) -> None:
    """No file is left that runs as somebody else, or that others may write."""
    unpack(*archive(entry("tool", mode=0o6777)), tmp_path / "target")
    (tmp_path / "usual").touch()
    found, usual = (tmp_path / "target/tool").stat(), (tmp_path / "usual").stat()
    assert (found.st_mode, found.st_uid, found.st_gid) == (usual.st_mode, usual.st_uid, usual.st_gid)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """Which one is right, nobody knows."""
    with pytest.raises(FileExistsError):
        unpack(*archive(entry("main.tf"), entry("./main.tf")), tmp_path / "target")


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
