"""What a sync would change, and the ids of the versions it writes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from pipeline.secrets.change import SecretValuesError, check_size, check_values, plan_change, version_token

documents = st.dictionaries(st.text("ABC", min_size=1, max_size=2), st.text(min_size=1, max_size=3))


def _conceal(values: dict[str, str]) -> dict[str, SecretStr]:
    return {key: SecretStr(value) for key, value in values.items()}


@given(current=documents, requested=documents)
def test_every_key_is_accounted_for_once(current: dict[str, str], requested: dict[str, str]) -> None:
    """The document holds the wanted values and everything else it held before."""
    change = plan_change(current, _conceal(requested))
    assert json.loads(change.document) == current | requested
    named = [*change.added, *change.updated, *change.kept]
    same = [key for key in requested if current.get(key) == requested[key]]
    assert sorted([*named, *same]) == sorted(current.keys() | requested.keys())


@given(current=documents)
def test_equal_values_need_no_new_version(current: dict[str, str]) -> None:
    """Wanting what is there changes nothing."""
    assert not plan_change(current, _conceal(current)).any


def test_the_plan_does_not_show_values() -> None:
    """A change may be logged: its repr names keys only."""
    change = plan_change({"A": "old-value"}, _conceal({"A": "new-value"}))
    assert "value" not in repr(change)
    assert change.updated == ("A",)


def test_names_every_key_that_is_absent_or_blank_at_once() -> None:
    """One run tells everything that must be filled in."""
    with pytest.raises(SecretValuesError) as caught:
        check_values(_conceal({"A": " ", "B": "x"}), required=("A", "B", "C"))
    assert caught.value.keys == ("A", "C")


def test_refuses_what_secrets_manager_could_not_hold() -> None:
    """The limit counts bytes, not characters."""
    check_size("x" * 65_536)
    with pytest.raises(SecretValuesError, match="65537 bytes"):
        check_size("é" + "x" * 65_535)


def test_a_token_depends_on_the_values_the_secret_and_the_version_they_replace() -> None:
    """Repeating a write gets the same id; going back to older values gets a new one."""
    token = version_token("arn", "v1", "{}")
    assert token == version_token("arn", "v1", "{}")
    assert len({token, version_token("arn", "v2", "{}"), version_token("arn", "v1", "{ }")}) == 2 + 1
    assert len(token) == len("00000000-0000-0000-0000-000000000000")
