"""Verdicts on names, zone and delegation."""

import re
from typing import Any

import pytest
from doctor_account import sizes

from pipeline.doctor.judge_names import (
    OWN_ZONE,
    Wanted,
    judge_delegation,
    judge_name,
    judge_zone,
    wanted_names,
)
from pipeline.doctor.model import DoctorLine, Taken
from pipeline.environment.files import PROJECT
from pipeline.environment.loader import environment

STAGING = environment("staging")
GROUP = Wanted("log group", "/ecs/vimbiso-pay-staging", "module.logs.aws_cloudwatch_log_group.this")
SECRET = Wanted("secret", "vimbiso-pay/staging/app", "module.secret.aws_secretsmanager_secret.this")
OURS = {"Application": "vimbiso-pay", "Environment": "staging", "ManagedBy": "terraform"}
ROOT = PROJECT / "terraform"


def told(line: DoctorLine) -> str:
    """Return a line as a person reads it."""
    return f"{line.status} {line.seen} | {line.next}"


@pytest.mark.parametrize(
    ("wanted", "held", "taken", "expected"),
    [
        (GROUP, (), None, "OK free | "),
        (GROUP, (GROUP.address,), Taken("x", OURS), "OK there, and in the state | "),
        (
            GROUP,
            (),
            Taken("x"),
            (
                "NG there, in no state of this environment, without tags that say whose | "
                "Adopt it (deploy-infrastructure with adopt, see docs/taking-over.md), or remove it."
            ),
        ),
        (
            GROUP,
            (SECRET.address,),
            Taken("x", OURS),
            (
                "NG there, in no state of this environment, tagged Application=vimbiso-pay, "
                "Environment=staging, ManagedBy=terraform | Adopt it"
            ),
        ),
        (
            GROUP,
            (),
            Taken("x", {**OURS, "Environment": "production"}),
            (
                "NG there, in no state of this environment, tagged Application=vimbiso-pay, "
                "Environment=production, ManagedBy=terraform | It is another environment's: choose other"
            ),
        ),
        (GROUP, (), Taken(), "NG another account's, or closed to these credentials | Set account_id"),
        (
            SECRET,
            (SECRET.address,),
            Taken("arn", OURS, dying=True),
            (
                "NG scheduled for deletion, tagged Application=vimbiso-pay, Environment=staging, "
                "ManagedBy=terraform | deploy-infrastructure brings it back with its values"
            ),
        ),
    ],
    ids=["free", "ours", "untagged", "left over", "another's", "another account's", "to be deleted"],
)
def test_a_taken_name_is_told_with_its_owner(
    wanted: Wanted, held: tuple[str, ...], taken: Taken | None, expected: str
) -> None:
    """And whether Terraform could take it over."""
    assert told(judge_name(wanted, STAGING, held, taken)).startswith(expected)


def test_every_address_is_one_of_terraforms() -> None:
    """What is told to be imported there is what the root module makes."""
    root = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("*.tf"))
    for wanted in wanted_names(STAGING, sizes(cloudtrail=True), "1"):
        *modules, kind, name = re.sub(r"\[0\]", "", wanted.address).split(".")
        text, folder = root, ROOT
        for module in modules[1::2]:
            block = re.search(rf'module "{module}" {{\s+source\s+= "([^"]+)"', text)
            assert block, wanted.address
            folder = (folder / block[1]).resolve()
            text = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.tf"))
        assert f'resource "{kind}" "{name}"' in text, wanted.address


def test_every_name_is_one_of_terraforms() -> None:
    """Names that follow from the application's are made there from the same parts."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.rglob("*.tf"))
    for wanted in wanted_names(STAGING, sizes(cloudtrail=True), "1"):
        if wanted.kind == "bucket":
            part = wanted.name.removeprefix("vimbiso-pay-staging-").removesuffix("-1")
            assert re.search(rf'"\${{\w+\.name}}-{part}-\${{\w+\.account_id}}"', text), wanted
        elif wanted.kind == "role":
            part = wanted.name.removeprefix("vimbiso-pay-staging-")
            assert f'"${{var.name}}-{part}"' in text, wanted
    for written in ('for key in ["latency", "target-5xx"]', '"${var.name}-alerts"'):
        assert written in text  # the alarms and the topic that are asked for


def test_buckets_are_those_of_the_sizes() -> None:
    """Whoever writes no access logs needs no bucket for them."""
    few = wanted_names(STAGING, sizes(access_logs=False), "1")
    assert [item.name for item in few if item.kind == "bucket"] == [
        "vimbiso-pay-staging-backups-1",
        "vimbiso-pay-staging-log-archive-1",
    ]


ZONES = {"Z1": "mycredex.dev", "Z2": "stage.mycredex.dev", "Z3": "age.mycredex.dev", "Z4": "x.test"}


STAGE = "stage.mycredex.dev"
NEW = {"new_hosted_zone": True}


@pytest.mark.parametrize(
    ("domain", "given", "held", "zones", "expected"),
    [
        (None, {}, (), ZONES, "SKIP the environment has no domain"),
        (STAGE, {"hosted_zone_id": "Z1"}, (), ZONES, "OK Z1, as hosted_zone_id says"),
        (STAGE, {"hosted_zone_id": "Z4"}, (), ZONES, f"NG Z4 is no public zone here that holds {STAGE}"),
        (STAGE, NEW, (OWN_ZONE,), ZONES, "OK there, and in the state"),
        (STAGE, NEW, (), {}, f"SKIP no public zone here holds {STAGE}: Terraform makes one"),
        (STAGE, NEW, (), {"Z3": "age.mycredex.dev"}, "SKIP no public zone here"),
        (
            STAGE,
            NEW,
            (),
            {"Z1": "mycredex.dev"},
            "NG Z1 holds mycredex.dev, and Terraform would make a second",
        ),
        (STAGE, {}, (), ZONES, f"OK Z2 is {STAGE}"),
        (STAGE, {"hosted_zone": "mycredex.dev"}, (), ZONES, "OK Z1 is mycredex.dev"),
        (STAGE, {}, (), {"Z1": STAGE, "Z2": STAGE}, f"NG Z1 and Z2 are both {STAGE} | Set hosted_zone_id"),
        (
            STAGE,
            {},
            (),
            {"Z1": "mycredex.dev"},
            (
                f"NG no public zone here is {STAGE}; Z1 is mycredex.dev | "
                'Set hosted_zone = "mycredex.dev" in terraform/environments/staging.tfvars.'
            ),
        ),
        (STAGE, {}, (), {}, f"NG no public zone here holds {STAGE} | Make one where the registrar delegates"),
    ],
)
def test_terraform_finds_the_zone_that_the_world_asks(
    domain: str | None, given: dict[str, Any], held: tuple[str, ...], zones: dict[str, str], expected: str
) -> None:
    """Or makes one, where it is told to and there is none."""
    settings: Any = STAGING.model_copy(update={"domain": domain})
    assert told(judge_zone(settings, sizes(**given), held, zones)).startswith(expected)


OWN = frozenset({"ns-1.awsdns.test", "ns-2.awsdns.test"})


@pytest.mark.parametrize(
    ("zone", "answered", "expected"),
    [
        ("", None, "SKIP needs the hosted zone"),
        ("x.test", OWN, "OK x.test is delegated to its zone"),
        (
            "x.test",
            frozenset(),
            "NG x.test is served by nobody | Have its registrar or parent zone delegate to ns-1",
        ),
        ("x.test", frozenset({"ns.old.test"}), "NG x.test is served by ns.old.test | Have"),
        ("x.test", OWN - {"ns-2.awsdns.test"}, "NG x.test is served by ns-1.awsdns.test | Have"),
        (
            "x.test",
            None,
            "SKIP nobody could say who serves x.test: offline, or its name servers do not answer",
        ),
    ],
)
def test_dns_must_lead_to_the_zone(zone: str, answered: frozenset[str] | None, expected: str) -> None:
    """A zone that nobody delegates to is never asked."""
    assert told(judge_delegation(zone, OWN, answered)).startswith(expected)
