"""Where the application answers."""

from pathlib import Path

from pipeline.delivery.model import page_of, probe_of, probes_of
from pipeline.environment.files import PROJECT
from pipeline.environment.loader import load_environments
from pipeline.environment.model import Environment
from pipeline.outputs import Outputs

OUTPUTS = Outputs.model_construct(
    url="https://stage.mycredex.dev",
    load_balancer_arn="arn:aws:elasticloadbalancing:af-south-1:1:loadbalancer/app/vimbiso-pay-local/0a1b",
    load_balancer_dns="vimbiso-pay-local-0a1b.af-south-1.elb.amazonaws.com",
)


def _environment(name: str) -> Environment:
    file = Path(PROJECT) / "deployments" / "environments.toml"
    return load_environments(file, {"VIMBISO_AWS_PORT": "4566"})[name]


def test_browser_is_sent_to_the_public_address() -> None:
    """On AWS the address that Terraform publishes is the one that people use."""
    assert page_of(_environment("staging"), OUTPUTS) == "https://stage.mycredex.dev"


def test_browser_is_sent_to_the_emulated_load_balancer() -> None:
    """A name below localhost needs no DNS, unlike the load balancer's own."""
    assert page_of(_environment("local"), OUTPUTS) == "http://vimbiso-pay-local.alb.localhost:4566"


def test_emulator_is_asked_by_the_host_header() -> None:
    """A probe reaches the emulator at its port and names the load balancer."""
    asked = probe_of(_environment("local"), OUTPUTS, release=None)
    assert (asked.url, asked.host) == ("http://localhost:4566/health/", OUTPUTS.load_balancer_dns)


def test_answers_are_told_with_the_address_that_people_use() -> None:
    """The emulator's own would lead nobody to the application; each smoke path has its own."""
    local, staging = _environment("local"), _environment("staging")
    asked = probes_of(probe_of(local, OUTPUTS, release=None), local)
    assert [item.shown for item in asked] == [
        "http://vimbiso-pay-local.alb.localhost:4566/health/",
        "http://vimbiso-pay-local.alb.localhost:4566/",
    ]
    assert probe_of(staging, OUTPUTS, release=None).shown == "https://stage.mycredex.dev/health/"
