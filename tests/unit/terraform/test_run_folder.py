"""What Terraform's runs keep on disk is nobody else's."""

import os
from pathlib import Path

import pytest

from pipeline.terraform.diagnostics import TerraformError
from pipeline.terraform.folder import default_base, run_folder


def test_run_folders_are_with_what_this_machine_keeps(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A name in the system's temporary folder can be taken by any user before."""
    monkeypatch.setenv("VIMBISO_STATE", str(tmp_path))
    assert default_base() == tmp_path / "terraform"


def test_a_run_folder_is_private(tmp_path: Path) -> None:
    """It and the folder around it are its user's alone, whatever the umask."""
    before = os.umask(0)
    try:
        with run_folder("staging", tmp_path / "base") as folder:
            modes = [path.stat().st_mode & 0o777 for path in (folder.path.parent, folder.path)]
    finally:
        os.umask(before)
    assert modes == [0o700, 0o700]


@pytest.mark.holds("host neighbour", "read")
@pytest.mark.parametrize("fault", ["open to others", "somebody else's", "a link"])
def test_a_folder_that_others_may_change_is_refused(tmp_path: Path, fault: str) -> None:
    """They could put their own in place of it and read every variable that is written there."""
    base = tmp_path / "base"
    if fault == "a link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        base.symlink_to(tmp_path / "elsewhere")
    else:
        base.mkdir(mode=0o700)
    if fault == "open to others":
        base.chmod(0o777)
    if fault == "somebody else's":
        if os.geteuid() != 0:
            pytest.skip("only root can make another user's folder")
        os.chown(base, 65534, 65534)
    with pytest.raises(TerraformError, match=r"alone may open. See who made it"), run_folder("staging", base):
        raise AssertionError("it was used")


def test_linked_packages_are_offered_to_the_next_run(tmp_path: Path) -> None:
    """Those that Terraform copied are not, nor those that are gone, and a broken note is none."""
    name = "registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64"
    package, copied = tmp_path / "mirror/aws", "registry.terraform.io/hashicorp/null/3.0.0/linux_amd64"
    package.mkdir(parents=True)
    base = tmp_path / "runs"
    with run_folder("one", base) as first:
        first.offer_packages()
        assert not first.data.exists()
        (first.data / "providers" / copied).mkdir(parents=True)
        link = first.data / "providers" / name
        link.parent.mkdir(parents=True)
        link.symlink_to(package)
        first.note_packages()
    with run_folder("two", base) as second:
        second.offer_packages()
        assert (second.data / "providers" / name).resolve() == package
        assert not (second.data / "providers" / copied).exists()
    package.rmdir()
    with run_folder("three", base) as third:
        third.offer_packages()
        assert not third.data.exists()
        (base / "packages.json").write_text('{"cut')
        third.offer_packages()
        assert not third.data.exists()
