"""Terraform is told of a provider mirror only where it would not find one by itself."""

from pathlib import Path

import pytest

from deployments.local.setup.paths import SetupError
from deployments.local.setup.terraform import configuration, terraform_cli_config

PROVIDER = "registry.terraform.io/hashicorp/aws"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home folder."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def test_a_file_that_the_user_named_wins(home: Path) -> None:
    """An existing TF_CLI_CONFIG_FILE is passed on."""
    named = home / "own.rc"
    named.touch()
    assert terraform_cli_config({"HOME": str(home), "TF_CLI_CONFIG_FILE": str(named)}) == named


def test_a_named_mirror_is_configured(home: Path, tmp_path: Path) -> None:
    """TF_PLUGIN_MIRROR comes first, also when TF_CLI_CONFIG_FILE names no file."""
    mirror = tmp_path / "mirror"
    (mirror / PROVIDER).mkdir(parents=True)
    variables = {
        "HOME": str(home),
        "TF_PLUGIN_MIRROR": str(mirror),
        "TF_CLI_CONFIG_FILE": str(home / "missing.rc"),
    }
    written = terraform_cli_config(variables)
    assert written is not None
    assert written.read_text() == configuration(mirror)
    terraform_cli_config({"HOME": str(home)})


@pytest.mark.parametrize("place", [".terraform.d/plugins", ".local/share/terraform/plugins"])
def test_a_mirror_that_terraform_knows_needs_no_file(home: Path, place: str) -> None:
    """Terraform looks into these folders by itself."""
    (home / place / PROVIDER).mkdir(parents=True)
    assert terraform_cli_config({"HOME": str(home)}) is None


def test_the_users_own_configuration_is_left_in_force(home: Path) -> None:
    """With a ~/.terraformrc there is nothing to add."""
    (home / ".terraformrc").touch()
    assert terraform_cli_config({"HOME": str(home), "TF_PLUGIN_MIRROR": "/nowhere"}) is None


def test_only_the_aws_provider_comes_from_the_mirror() -> None:
    """All other providers keep their own registry."""
    text = configuration(Path("/some where/mirror"))
    assert 'path    = "/some where/mirror"' in text
    assert text.count(f'["{PROVIDER}"]') == 2


def test_a_named_file_that_cannot_be_read_is_named_with_the_next_step(home: Path) -> None:
    """As for a user with root's variable; here it is a link to itself, which root cannot read either."""
    unreadable = home / "own.rc"
    unreadable.symlink_to(unreadable)
    with pytest.raises(SetupError, match=r"own.rc cannot be read .* unset TF_CLI_CONFIG_FILE"):
        terraform_cli_config({"HOME": str(home), "TF_CLI_CONFIG_FILE": str(unreadable)})


def test_the_users_own_file_that_cannot_be_read_is_named(home: Path) -> None:
    """Terraform would read it, too."""
    own = home / ".terraformrc"
    own.symlink_to(own)
    with pytest.raises(SetupError, match=r"\.terraformrc cannot be read"):
        terraform_cli_config({"HOME": str(home)})
