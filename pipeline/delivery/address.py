"""Where the application answers. Pure."""

from pipeline.environment import Environment
from pipeline.health import Probe
from pipeline.outputs import Outputs


def probe_of(environment: Environment, outputs: Outputs, release: str | None) -> Probe:
    """Return what to ask the load balancer; ``release`` is what the answer must name."""
    base = environment.probe_url or outputs.url
    host = outputs.load_balancer_dns if environment.probe_url else None
    return Probe(url=f"{base}{environment.health_path}", host=host, release=release)
