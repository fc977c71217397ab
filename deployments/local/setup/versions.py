"""Which Terraform is good enough, and which release is fetched where there is none."""

import platform
import re

MINIMUM = (1, 10, 0)
"""First release with everything that terraform/ uses."""
PINNED = "1.11.4"
RELEASES = "https://releases.hashicorp.com/terraform"
CHECKSUMS = {
    "linux_amd64": "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc",
    "linux_arm64": "a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633",
    "darwin_amd64": "a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b",
    "darwin_arm64": "867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18",
}
"""SHA-256 of the pinned release's zip files. Other platforms rely on the release's own SHA256SUMS alone."""
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "i686": "386"}


def platform_name(system: str = "", machine: str = "") -> str:
    """Return the platform as HashiCorp spells it, such as ``linux_amd64``."""
    kind = (machine or platform.machine()).lower()
    return f"{(system or platform.system()).lower()}_{_MACHINES.get(kind, kind)}"


def parse_version(text: str) -> tuple[int, int, int] | None:
    """Find ``1.11.4`` in a version text; None where there is none."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def is_good(text: str) -> bool:
    """Whether ``terraform version``'s answer names a release that serves."""
    version = parse_version(text)
    return version is not None and version >= MINIMUM
