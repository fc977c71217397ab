"""Where the application answers. Pure."""

from pipeline.environment.model import Environment
from pipeline.health.model import Probe
from pipeline.outputs import Outputs


def probe_of(environment: Environment, outputs: Outputs, release: str | None) -> Probe:
    """Return what to ask the load balancer; ``release`` is what the answer must name."""
    base = environment.probe_url or outputs.url
    host = outputs.load_balancer_dns if environment.probe_url else None
    return Probe(url=f"{base}{environment.health_path}", host=host, release=release)


def page_of(environment: Environment, outputs: Outputs) -> str:
    """Return where a browser finds the application.

    An emulator answers for its load balancers' names below its own: NAME.alb.localhost, which is loopback.
    """
    if environment.probe_url is None:
        return outputs.url
    name = outputs.load_balancer_arn.split("/")[-2]
    scheme, _, place = environment.probe_url.partition("://")
    return f"{scheme}://{name}.alb.{place}"
