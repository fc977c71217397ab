"""Reads everything that a diagnosis looks at, several questions at a time."""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError, explain
from pipeline.certificate.acm import read_certificate
from pipeline.certificate.finding import CertificateVerdict, Limits
from pipeline.certificate.verdict import judge
from pipeline.delivery.address import probe_of
from pipeline.delivery.alarms import read_alarms
from pipeline.diagnosis.facts import Facts, Names, Releases, Subject
from pipeline.diagnosis.model import Unread
from pipeline.diagnosis.read_balancing import read_balancing
from pipeline.diagnosis.read_network import read_network, read_security
from pipeline.diagnosis.read_scaling import read_scaling, read_usage
from pipeline.diagnosis.read_tasks import read_definitions, read_image, read_tasks
from pipeline.ecs.model import Service
from pipeline.ecs.service import EcsService
from pipeline.errors import PipelineError
from pipeline.health.model import ProbeReport
from pipeline.health.probe import probe
from pipeline.release.store import ReleaseStore
from pipeline.secrets.keys import KeyReport, compare_keys
from pipeline.secrets.sync import secret_keys


def addresses(name: str) -> tuple[str, ...]:
    """Return the IPv4 addresses of a host name, sorted; () where the name does not resolve."""
    try:
        found = socket.getaddrinfo(name, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    return tuple(sorted({str(item[4][0]) for item in found}))


_AT_ONCE = 6
_RECORDS = 20


def read_facts(access: AwsAccess, subject: Subject) -> Facts:
    """Read all of it; what cannot be read, for whatever reason AWS gives, is Unread with that reason."""
    questions: dict[str, Callable[[], Any]] = {
        "service": partial(_service, access, subject),
        "definitions": partial(read_definitions, access, subject),
        "tasks": partial(read_tasks, access, subject),
        "secrets": partial(_secrets, access, subject),
        "balancing": partial(read_balancing, access, subject),
        "probe": partial(_probe, subject),
        "security": partial(read_security, access, subject),
        "network": partial(read_network, access, subject),
        "image": partial(read_image, access, subject),
        "scaling": partial(read_scaling, access, subject),
        "usage": partial(read_usage, access, subject),
        "certificate": partial(_certificate, access, subject),
        "alarms": partial(read_alarms, access, subject.outputs.alarm_names),
        "names": partial(_names, subject),
        "releases": partial(_releases, access, subject),
    }
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="diagnosis") as pool:
        answers = {name: pool.submit(_answer, question) for name, question in questions.items()}
    return Facts(subject, **{name: answer.result() for name, answer in answers.items()})


def _answer(question: Callable[[], Any]) -> Any:
    """Ask; a refusal, a fault of AWS or a missing thing is an answer too."""
    try:
        return question()
    except AwsError as error:
        return Unread(_why(error))
    except PipelineError as error:
        return Unread(str(error))
    except (ClientError, BotoCoreError) as error:
        return Unread(_why(explain("Reading", error)))
    except (LookupError, TypeError, ValueError) as error:  # an emulator's answer lacks what AWS's has
        return Unread(f"the answer could not be understood: {error!r}")


def _why(error: AwsError) -> str:
    """Say so where an emulator lacks the API: it answers a bare HTTP status where AWS names a code."""
    if error.code.isdigit():
        return f"{str(error).partition(':')[0]}: HTTP {error.code}; this endpoint lacks the API"
    return str(error)


def _service(access: AwsAccess, subject: Subject) -> Service | None:
    return EcsService(access, subject.outputs.cluster, subject.outputs.service).describe()


def _secrets(access: AwsAccess, subject: Subject) -> KeyReport:
    live = read_definitions(access, subject).live
    return compare_keys(live, subject.outputs.secret_arn, secret_keys(access, subject.outputs.secret_arn))


def _probe(subject: Subject) -> ProbeReport:
    wanted = probe_of(subject.environment, subject.outputs, release=None)
    return probe(replace(wanted, in_a_row=2, window=subject.patience, timeout=subject.patience))


def _certificate(access: AwsAccess, subject: Subject) -> CertificateVerdict | None:
    arn = subject.outputs.certificate_arn
    return judge(read_certificate(access, arn), subject.now, limits=Limits()) if arn else None


def _names(subject: Subject) -> Names | None:
    domain = subject.environment.domain
    if domain is None:
        return None
    return Names(addresses(domain), addresses(subject.outputs.load_balancer_dns))


def _releases(access: AwsAccess, subject: Subject) -> Releases:
    store = ReleaseStore(access, subject.outputs.backup_bucket, subject.environment.name)
    return Releases(tuple(store.newest(_RECORDS)), store.open_rollout())
