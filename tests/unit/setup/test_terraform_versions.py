"""Which Terraform serves, and how a platform is spelled."""

import pytest

from deployments.local.setup.release import CHECKSUMS, is_good, parse_version, platform_name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Terraform v1.11.4\non linux_amd64", True),
        ("Terraform v1.10.0", True),
        ("Terraform v1.9.8", False),
        ("Terraform v0.14.11", False),
        ("Terraform v2.0.0", True),
        ("", False),
        ("command not found", False),
    ],
)
def test_releases_since_1_10_serve(text: str, expected: bool) -> None:
    """The answer of `terraform version` decides, compared as numbers."""
    assert is_good(text) is expected


def test_a_version_is_found_within_a_text() -> None:
    """The first number with three parts counts."""
    assert parse_version("OpenTofu v1.8.2 or 9.9.9") == (1, 8, 2)


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [
        ("Linux", "x86_64", "linux_amd64"),
        ("Linux", "aarch64", "linux_arm64"),
        ("Darwin", "arm64", "darwin_arm64"),
        ("Linux", "riscv64", "linux_riscv64"),
    ],
)
def test_platforms_are_spelled_as_the_releases_spell_them(system: str, machine: str, expected: str) -> None:
    """The kernel's names are translated, unknown ones kept."""
    assert platform_name(system, machine) == expected


def test_pinned_checksums_are_whole() -> None:
    """Each is a SHA-256, and no two are the same."""
    assert {len(digest) for digest in CHECKSUMS.values()} == {64}
    assert len(set(CHECKSUMS.values())) == len(CHECKSUMS)
