"""Which keys the task definition reads, against those that are set."""

from pipeline.secrets.change import KeyReport, compare_keys

ARN = "arn:aws:secretsmanager:af-south-1:000000000000:secret:vimbiso-pay/staging/app-AbCdEf"


def _definition(*references: str) -> dict[str, object]:
    secrets = [{"name": f"N{index}", "valueFrom": value} for index, value in enumerate(references)]
    return {"containerDefinitions": [{"name": "app", "secrets": secrets}, {"name": "sidecar"}]}


def test_names_what_is_used_but_unset_and_what_is_set_but_unused() -> None:
    """A key without a value and a value without a reader are both reported."""
    actual = compare_keys(_definition(f"{ARN}:A::", f"{ARN}:B::"), ARN, ["B", "C"])
    assert actual == KeyReport(used=("A", "B"), missing=("A",), unused=("C",))
    assert not actual.complete


def test_reads_pinned_stages_and_versions() -> None:
    """The key of ARN:KEY:STAGE:VERSION is KEY."""
    assert compare_keys(_definition(f"{ARN}:A:AWSPREVIOUS:"), ARN, ["A"]).used == ("A",)


def test_a_reference_to_the_whole_secret_uses_every_key() -> None:
    """A reference without a key injects the JSON document itself."""
    assert compare_keys(_definition(ARN), ARN, ["A", "B"]) == KeyReport(("A", "B"), (), ())


def test_other_secrets_and_parameters_are_only_named() -> None:
    """Only references to this secret are compared; a longer name is another secret."""
    others = (f"{ARN[:-7]}-eu-AbCdEf:A::", "arn:aws:ssm:af-south-1:000000000000:parameter/A", "/plain/name")
    assert compare_keys(_definition(*others), ARN, []) == KeyReport((), (), (), ("N0", "N1", "N2"))


def test_an_arn_without_its_random_suffix_is_the_same_secret() -> None:
    """ECS accepts a partial ARN, to which AWS appends six characters."""
    assert compare_keys(_definition(f"{ARN[:-7]}:A::"), ARN, []).missing == ("A",)
