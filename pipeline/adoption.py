"""Things that stand under an environment's names already, for Terraform to take over."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling
from pipeline.doctor.judge_names import ADOPTED, covering, guide_names
from pipeline.doctor.read_names import read_name, read_zones
from pipeline.environment.model import Environment
from pipeline.errors import PipelineError


@dataclass(frozen=True)
class Existing:
    """Thing that exists, by its key in the variable ``adopt`` of terraform/adoption.tf."""

    key: str
    id: str
    """Word by which Terraform imports it."""
    told: str
    """What comes with it, for people."""


def find_existing(
    access: AwsAccess, environment: Environment, managed: Collection[str]
) -> tuple[Existing, ...]:
    """Return what exists under the environment's names and can be taken over without moving it.

    ``managed`` are the addresses of what Terraform has made or taken over already.

    Raises:
        PipelineError: the service exists; it cannot move into another network while it answers.
        AwsError: something could not be asked.
    """
    names = guide_names(environment)
    service = names["service"]
    if service.address not in managed and read_name(access, service) is not None:
        raise PipelineError(
            f"The service {environment.names.service} runs in {environment.names.cluster}, and would lose "
            "its network if it were taken over. Nothing was changed. Give this environment's service another "
            "name (names.service in environments.toml), and move the users by the domain: see "
            "docs/taking-over.md."
        )
    return (
        *(
            Existing(_key(kind), taken.import_id, f"with its {brought}")
            for kind, brought in ADOPTED.items()
            if names[kind].address not in managed and (taken := read_name(access, names[kind])) is not None
        ),
        *(_record(access, environment.domain) if environment.domain and _RECORD not in managed else ()),
    )


def _key(kind: str) -> str:
    return kind.replace(" ", "_")


_RECORD = "module.certificate[0].aws_route53_record.alias[0]"


def reclaim_secret(access: AwsAccess, environment: Environment, managed: Collection[str]) -> Existing | None:
    """Return the environment's own secret where no state holds it, restored where it was deleted of late.

    Its name is taken until it is gone. A run that ends between restoring and importing leaves it by its tags.
    """
    wanted = guide_names(environment)["secret"]
    found = None if wanted.address in managed else read_name(access, wanted)
    mine = {"Application": environment.app, "Environment": environment.stage}
    if found is None or not (found.dying or mine.items() <= found.tags.items()):
        return None
    if found.dying:
        with calling("Restoring the secret"):
            access.client("secretsmanager").restore_secret(SecretId=wanted.name)
    return Existing("secret", found.import_id, "with its values")


def _record(access: AwsAccess, domain: str) -> Iterator[Existing]:
    """Yield the domain's address record in its public zone, the one that has most of its name."""
    for zone in covering(domain, read_zones(access))[:1]:
        with calling(f"Reading the records of {domain}"):
            records = access.client("route53").list_resource_record_sets(
                HostedZoneId=zone, StartRecordName=domain, StartRecordType="A", MaxItems="1"
            )["ResourceRecordSets"]
        for record in records:
            if record["Name"].rstrip(".") == domain and record["Type"] == "A":
                values = [item["Value"] for item in record.get("ResourceRecords", [])]
                target = record["AliasTarget"]["DNSName"] if "AliasTarget" in record else ", ".join(values)
                yield Existing("record", f"{zone}_{domain}_A", f"answered by {target}")
