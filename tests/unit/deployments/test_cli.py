"""What can be typed, and what comes of it."""

from typing import Any

import pytest

from deployments.cli.arguments import Chosen, parse
from deployments.cli.errors import CommandError
from deployments.cli.parameters import read_parameters
from deployments.prefect_file import flow_names

SCHEMA: dict[str, Any] = {
    "properties": {
        "environment": {"enum": ["local"], "type": "string"},
        "ref": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "branch or\n    tag."},
        "migrate": {"type": "boolean"},
        "keep": {"type": "integer"},
    }
}


@pytest.mark.parametrize("verb", ["deploy", "rollback", "history", "diagnose", "backup", "restore"])
def test_a_verb_starts_a_flow_that_exists(verb: str) -> None:
    """The flow is one of prefect.yaml's, and what follows are its parameters."""
    chosen = parse([verb, "staging", "ref=v1.2"])
    assert chosen.flow in flow_names()
    assert (chosen.environment, chosen.parameters) == ("staging", ("ref=v1.2",))


def test_any_other_flow_can_be_started() -> None:
    """`run` takes the flow's name."""
    assert parse(["run", "verify-health", "local"]) == Chosen("run", "local", "verify-health")


def test_values_become_what_the_schema_wants() -> None:
    """A ref of digits stays a text; booleans and numbers are such."""
    given = ["ref=2024", "migrate=false", "keep=3"]
    assert read_parameters(given, SCHEMA) == {"ref": "2024", "migrate": False, "keep": 3}


@pytest.mark.parametrize("word", ["ref", "=x", "reff=x", "environment=production"])
def test_a_word_that_is_not_understood_lists_the_parameters(word: str) -> None:
    """Above all the environment cannot be named twice."""
    with pytest.raises(CommandError, match="ref=  branch or tag") as caught:
        read_parameters([word], SCHEMA)
    assert "environment=  " not in str(caught.value)


def test_a_parameter_may_be_given_once() -> None:
    """Of two values nobody knows which was meant."""
    with pytest.raises(CommandError):
        read_parameters(["ref=a", "ref=b"], SCHEMA)


def test_a_flow_without_parameters_says_so() -> None:
    """Rather than an empty list."""
    with pytest.raises(CommandError, match="It takes none"):
        read_parameters(["x=1"], {"properties": {"environment": {}}})
