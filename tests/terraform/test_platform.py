"""The module for a Prefect server of one's own."""

from terraform_command import Terraform


def test_platform_keeps_its_promises(platform_terraform: Terraform) -> None:
    """A mocked plan is internal, encrypted and backed up, holds no secret, and refuses bad values."""
    done = platform_terraform("test", "-no-color", "-filter=tests/platform.tftest.hcl")
    assert done.returncode == 0, done.stdout
    assert "4 passed, 0 failed" in done.stdout
