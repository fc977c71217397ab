"""What Terraform hands to the flows."""

import json
from typing import Any

import pytest

from pipeline.outputs import NothingBuiltError, Outputs, OutputsError, parse_outputs

LISTS = {"target_group_arns", "subnet_ids", "security_group_ids"}


def document(**changes: Any) -> dict[str, Any]:
    """Return the outputs that must be there."""
    required = [name for name, item in Outputs.model_fields.items() if item.is_required()]
    values: dict[str, Any] = {name: ["x"] if name in LISTS else "x" for name in required}
    return values | {"container_port": 8000} | changes


def test_outputs_are_parsed() -> None:
    """Required outputs are there, optional ones have their defaults, unknown ones are ignored."""
    found = parse_outputs(json.dumps(document(novelty=1)), "/p")
    assert (found.cluster, found.container_port, found.subnet_ids) == ("x", 8000, ("x",))
    assert (found.certificate_arn, found.alarm_names) == (None, ())


def test_every_fault_is_named() -> None:
    """The message names the parameter, each fault's path and the next step."""
    values = document(container_port="many", subnet_ids=[1])
    del values["cluster"]
    with pytest.raises(OutputsError) as caught:
        parse_outputs(json.dumps(values), "/p")
    for part in (
        "/p",
        "cluster: Field required",
        "container_port: ",
        "subnet_ids.0: ",
        "deploy-infrastructure",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_what_is_no_document(text: str) -> None:
    """Anything but a JSON object is a fault of the parameter."""
    with pytest.raises(OutputsError, match="/p does not hold"):
        parse_outputs(text, "/p")


def test_missing_outputs_say_what_to_do() -> None:
    """Without the parameter nothing was built."""
    assert "deploy-infrastructure" in str(NothingBuiltError("/p"))
