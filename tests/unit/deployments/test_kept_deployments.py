"""Runs of a deployment that an earlier version registered, and of one that a later version did."""

import json
from pathlib import Path
from typing import Any

import pytest
from prefect import Flow
from prefect.exceptions import SignatureMismatchError
from prefect.flows import load_flow_from_entrypoint

from pipeline.environment.files import PROJECT

KEPT = [
    pytest.param(entrypoint, then, id=f"{path.parent.name} {entrypoint.rpartition(':')[2]}")
    for path in sorted((PROJECT / "tests" / "kept").glob("*/deployments.json"))
    for entrypoint, then in json.loads(path.read_text(encoding="utf-8")).items()
]


def flow_of(entrypoint: str) -> Flow[..., Any]:
    """Load a flow as a worker does."""
    assert (PROJECT / Path(entrypoint.partition(":")[0])).exists()
    return load_flow_from_entrypoint(str(PROJECT / entrypoint), use_placeholder_flow=False)


@pytest.mark.parametrize(("entrypoint", "then"), KEPT)
def test_what_was_registered_before_still_runs(entrypoint: str, then: dict[str, Any]) -> None:
    """From its own entry point, with what it demanded, and with every parameter that a form showed then."""
    flow = flow_of(entrypoint)
    demanded = dict.fromkeys(then["required"], "staging") | then["parameters"]
    for parameters in (demanded, then["defaults"] | demanded):
        taken = flow.validate_parameters(parameters)
        assert parameters.keys() <= taken.keys()


@pytest.mark.parametrize(("entrypoint", "then"), KEPT[:1])
def test_a_parameter_of_a_later_version_is_refused_by_its_name(entrypoint: str, then: dict[str, Any]) -> None:
    """Passed over, a wish such as a dry run would be lost. Prefect fails the run with these words."""
    with pytest.raises(
        SignatureMismatchError, match=r"expects parameters .* was provided with .*added_later"
    ):
        flow_of(entrypoint).validate_parameters({**then["parameters"], "added_later": True})
