"""environments.toml: what it may hold, and how its faults are told."""

from datetime import date
from pathlib import Path

import pytest

from pipeline.environment.loader import EnvironmentsFileError, load_environments
from pipeline.environment.model import Environment

SHARED = """
[variables]
PORT = 4566
[names]
cluster = "{app}-cluster-{environment}"
service = "{app}-service-{environment}"
repository = "{app}-{environment}"
log_group = "/ecs/{app}-{environment}"
[defaults]
app = "pay"
region = "af-south-1"
health_path = "/health/"
container_port = 8000
"""
STAGING = """
[environments.staging]
branch = "stage"
approval = "never"
source = { repository = "https://git.test/pay.git" }
"""


def load(folder: Path, text: str, **variables: str) -> dict[str, Environment]:
    """Load a file with this text."""
    path = folder / "environments.toml"
    path.write_text(text, encoding="utf-8")
    return load_environments(path, variables)


def problems(folder: Path, text: str, **variables: str) -> list[str]:
    """Return what is wrong with this text."""
    with pytest.raises(EnvironmentsFileError) as caught:
        load(folder, text, **variables)
    return caught.value.problems


def test_defaults_and_names_are_filled_in(tmp_path: Path) -> None:
    """An environment has the defaults, its names and everything derived from them."""
    found = load(tmp_path, SHARED + STAGING)["staging"]
    assert (found.name, found.app, found.region) == ("staging", "pay", "af-south-1")
    assert found.names.model_dump() == {
        "cluster": "pay-cluster-staging",
        "service": "pay-service-staging",
        "repository": "pay-staging",
        "log_group": "/ecs/pay-staging",
    }
    assert found.outputs_parameter == "/pay/staging/pipeline"
    assert found.secret_name == "pay/staging/app"
    assert found.state_bucket == "pay-staging-terraform-state"
    assert found.lock_table == "pay-staging-terraform-lock"


def test_an_environment_wins_over_the_defaults(tmp_path: Path) -> None:
    """What an environment says itself counts; the account makes its bucket name unique."""
    own = 'account_id = "000000000000"\nregion = "eu-west-1"\n'
    found = load(tmp_path, SHARED + STAGING + own)["staging"]
    assert (found.region, found.state_bucket) == ("eu-west-1", "pay-staging-terraform-state-000000000000")


def test_names_of_its_own_win_one_by_one(tmp_path: Path) -> None:
    """An environment may rename one thing and keep the other names."""
    found = load(tmp_path, SHARED + STAGING + 'names = { cluster = "old" }\n')["staging"]
    assert (found.names.cluster, found.names.service) == ("old", "pay-service-staging")


def test_variables(tmp_path: Path) -> None:
    """Given variables win over the file's own table; two dollars are one."""
    text = SHARED + STAGING + 'aws_endpoint_url = "http://localhost:${PORT}"\ndata_host_path = "$$x"\n'
    assert load(tmp_path, text)["staging"].aws_endpoint_url == "http://localhost:4566"
    found = load(tmp_path, text, PORT="1")["staging"]
    assert (found.aws_endpoint_url, found.data_host_path) == ("http://localhost:1", "$x")


def test_the_process_environment_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without variables of the caller the process environment decides."""
    path = tmp_path / "environments.toml"
    path.write_text(SHARED + STAGING + 'data_host_path = "${PORT}"\n', encoding="utf-8")
    monkeypatch.setenv("PORT", "7")
    assert load_environments(path)["staging"].data_host_path == "7"


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    """Unknown, missing, ill-typed values and unset variables come together, each with its path."""
    text = (
        SHARED
        + """
extra = 1
[environments.staging]
approval = "sometimes"
colour = "red"
container_port = "8000"
domain = "${NOWHERE}"
source = { repository = "x", branch = "y" }
[environments.production]
branch = "prod"
approval = "always"
data_host_path = "${"
source = { repository = "" }
"""
    )
    found = problems(tmp_path, text.replace("[defaults]", "[defaults]\nmood = 'fine'"))
    expected = [
        "environments.staging.domain: variable NOWHERE is not set",
        "environments.production.data_host_path: Invalid placeholder",
        "environments.staging.branch: Field required",
        "environments.staging.approval: Input should be 'never' or 'always'",
        "environments.staging.colour: Extra inputs are not permitted",
        "environments.staging.container_port: Input should be a valid integer",
        "environments.staging.source.branch: Extra inputs are not permitted",
        "environments.staging.mood: Extra inputs",
        "environments.production.source.repository: String should have at least 1 character",
    ]
    for text in expected:
        assert any(problem.startswith(text) for problem in found), text


def test_the_message_lists_the_problems(tmp_path: Path) -> None:
    """The text names the file, the count and every problem on its own line."""
    with pytest.raises(EnvironmentsFileError) as caught:
        load(tmp_path, "colour = 'red'\n")
    assert str(caught.value) == (
        f"{tmp_path / 'environments.toml'} has 2 problem(s); fix them and run again:\n"
        "  - colour: unknown key\n  - environments: at least one is needed"
    )


ILL_TYPED = {
    "variables": ("variables = 3\n", "variables: must be a table"),
    "defaults": ("defaults = 3\n", "defaults: must be a table"),
    "names": ("names = 'x'\n", "names: must be a table"),
    "environments": ("environments = [1]\n", "environments: must be a table"),
    "one environment": ("[environments]\nstaging = 'x'\n", "environments.staging: must be a table"),
    "an environment's names": (
        SHARED + STAGING + "names = 'x'\n",
        "environments.staging.names: must be a table",
    ),
    "a name's type": (STAGING + "[names]\ncluster = 3\n", "names.cluster: must be a text"),
    "a name's placeholder": (STAGING + "[names]\ncluster = '{colour}'\n", "names.cluster: only {app} and"),
    "a name's braces": (STAGING + "[names]\ncluster = '{'\n", "names.cluster: only {app} and"),
    "a name's index": (STAGING + "[names]\ncluster = '{0}'\n", "names.cluster: only {app} and"),
    "the environment's own name": (
        SHARED + STAGING + "name = 'production'\n",
        "environments.staging.name: ",
    ),
}


@pytest.mark.parametrize(("text", "expected"), ILL_TYPED.values(), ids=ILL_TYPED)
def test_tables_of_another_shape_are_problems_too(tmp_path: Path, text: str, expected: str) -> None:
    """Whatever TOML can express is a problem with a path, never a traceback."""
    assert [problem for problem in problems(tmp_path, text) if problem.startswith(expected)]


def test_bad_toml_says_where(tmp_path: Path) -> None:
    """The parser's line and column are kept."""
    assert "line 1" in problems(tmp_path, "= 3")[0]


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """A file that is not UTF-8 is not TOML."""
    path = tmp_path / "environments.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(EnvironmentsFileError, match="is not TOML"):
        load_environments(path)


def test_allowed_findings_survive_a_block(tmp_path: Path) -> None:
    """Dates are texts in a block's JSON; the environment reads them as it reads those of the file."""
    allow = (
        'scan = { block_at = "HIGH", allow = { CVE-2025-1 = { reason = "unused", until = 2025-12-31 } } }\n'
    )
    found = load(tmp_path, SHARED + STAGING + allow)["staging"]
    assert found.scan.allow["CVE-2025-1"].until == date(2025, 12, 31)
    assert Environment.model_validate(found.model_dump(mode="json")) == found


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message names the path that was tried."""
    with pytest.raises(EnvironmentsFileError, match="cannot be read: No such file"):
        load_environments(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("aws_endpoint_url", "localhost:4566"),
        ("aws_endpoint_url", "http://localhost:4566/"),
        ("health_path", "health"),
        ("region", "Cape Town"),
        ("account_id", "123"),
        ("app", "Pay"),
    ],
)
def test_ill_formed_texts(tmp_path: Path, key: str, value: str) -> None:
    """Texts of a known form are checked when the file is loaded, not when AWS refuses them."""
    found = problems(tmp_path, SHARED + STAGING + f'{key} = "{value}"\n')
    assert [problem.split(":")[0] for problem in found] == [f"environments.staging.{key}"]


@pytest.mark.parametrize("port", [0, 65536])
def test_ports_outside_the_range(tmp_path: Path, port: int) -> None:
    """A port is between 1 and 65535."""
    found = problems(tmp_path, SHARED + STAGING + f"container_port = {port}\n")
    assert found[0].startswith("environments.staging.container_port: ")
