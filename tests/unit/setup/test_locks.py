"""The lock files: versions and hashes of everything, and nothing about where it comes from."""

import re
import tomllib

import pytest

from deployments.paths import PROJECT

LOCKS = ("all", "audit", "image", "uv")


def _text(name: str) -> str:
    return (PROJECT / f"requirements/{name}.lock").read_text(encoding="utf-8")


def _pinned(name: str) -> dict[str, frozenset[str]]:
    """Return the hashes of each pin, by its line such as ``httpx==0.28.1``, markers included."""
    blocks = re.split(r"^(?=[a-z0-9])", _text(name), flags=re.MULTILINE)[1:]
    return {
        block.splitlines()[0].rstrip(" \\"): frozenset(re.findall(r"sha256:[0-9a-f]{64}", block))
        for block in blocks
    }


@pytest.mark.parametrize("name", LOCKS)
def test_each_package_has_its_version_and_hashes(name: str) -> None:
    """pip and uv refuse the lock else, in the middle of a set-up."""
    pinned = _pinned(name)
    assert pinned
    assert [line for line, hashes in pinned.items() if "==" not in line or not hashes] == []


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_names_an_index(name: str) -> None:
    """Where packages come from is the machine's affair."""
    assert not re.search(r"://|--index|--extra-index|--find-links|--trusted-host", _text(name))


def test_the_image_has_what_is_tested() -> None:
    """Its packages are those of the lock that the tests run on, to the hash."""
    names = {line.split(" ;")[0]: hashes for line, hashes in _pinned("all").items()}
    image = {line.split(" ;")[0]: hashes for line, hashes in _pinned("image").items()}
    assert {line for line in image if names.get(line) != image[line]} == set()


def test_what_the_project_asks_for_is_locked() -> None:
    """A dependency that was added without `make lock` would be missing on a fresh machine."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert _missing(project["dependencies"], "image") == set()
    assert _missing([*project["dependencies"], *extras["local"], *extras["dev"]], "all") == set()


def _missing(requested: list[str], lock: str) -> set[str]:
    names = {re.split(r"[=<>\[ ]", item)[0].lower() for item in requested}
    return names - {re.split(r"[=\[]", line)[0] for line in _pinned(lock)}
