"""Examines an account: every question with its judge, several at a time."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial

from pipeline.aws.access import Identity, identify
from pipeline.diagnosis.model import Unread
from pipeline.diagnosis.reading import answer
from pipeline.doctor import judge_watch, read_account
from pipeline.doctor.judge_names import Wanted, judge_delegation, judge_name, judge_zone, wanted_names
from pipeline.doctor.judge_quotas import Quota, judge_account, judge_quota, judge_region, quotas
from pipeline.doctor.model import DoctorLine, Sizes, skip
from pipeline.doctor.read_names import read_delegation, read_name, read_zones
from pipeline.live import LiveEnvironment
from pipeline.preflight.model import CheckStatus
from pipeline.secrets.store import secret_keys

_AT_ONCE = 8


Questions = Iterator[tuple[str, Callable[[], DoctorLine]]]
Held = Future[frozenset[str]]


def examine(live: LiveEnvironment, sizes: Sizes, limit: timedelta) -> tuple[DoctorLine, ...]:
    """Ask everything; of a wrong account or a region that is off nothing else is asked.

    ``limit`` is the time that a rollout has.

    Raises:
        AwsError: the credentials are not valid.
    """
    settings, access = live.settings, live.access
    region = _line("region", lambda: judge_region(settings.region, read_account.read_region(access)))
    if region.status is CheckStatus.NG:
        return (region,)
    identity = identify(access)
    judged = judge_account(settings.account_id, identity.account_id, emulated=settings.emulated)
    account = replace(judged, name="account")
    if settings.account_id not in (None, identity.account_id):
        return region, account
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="doctor") as pool:
        held = pool.submit(read_account.read_held, live)
        questions = [
            *_room(live, sizes),
            *_names(live, sizes, identity.account_id, held),
            *_domain(live, sizes, held),
            *_services(live, sizes, identity, limit),
        ]
        return region, account, *pool.map(_line, *zip(*questions, strict=True))


def _line(name: str, ask: Callable[[], DoctorLine]) -> DoctorLine:
    """Ask; what AWS refuses, or an emulator lacks, is no fault of the account."""
    found = answer(ask)
    return replace(skip(found.reason) if isinstance(found, Unread) else found, name=name)


def _room(live: LiveEnvironment, sizes: Sizes) -> Questions:
    def ask(quota: Quota) -> DoctorLine:
        return judge_quota(quota, *read_account.read_room(live, quota))

    for name, quota in quotas(sizes, live.settings).items():
        yield f"quota: {name}", partial(ask, quota)


def _names(live: LiveEnvironment, sizes: Sizes, account: str, held: Held) -> Questions:
    def ask(wanted: Wanted) -> DoctorLine:
        return judge_name(wanted, live.settings, held.result(), read_name(live.access, wanted))

    for wanted in wanted_names(live.settings, sizes, account):
        yield f"{wanted.kind} {wanted.name}", partial(ask, wanted)


def _domain(live: LiveEnvironment, sizes: Sizes, held: Held) -> Questions:
    access, settings, given = live.access, live.settings, sizes.hosted_zone_id or sizes.hosted_zone
    yield "hosted zone", lambda: judge_zone(settings, sizes, held.result(), read_zones(access))
    yield "delegation", lambda: judge_delegation(*read_delegation(access, settings.domain, given))


def _services(live: LiveEnvironment, sizes: Sizes, identity: Identity, limit: timedelta) -> Questions:
    access, settings = live.access, live.settings
    name, repository = f"{settings.app}-{settings.stage}", settings.names.repository
    keys = settings.all_secret_keys
    partition = identity.arn.split(":")[1]
    topic = f"arn:{partition}:sns:{settings.region}:{identity.account_id}:{name}-alerts"

    def ask(role: str, service: str) -> DoctorLine:
        return judge_watch.judge_role(service, read_account.read_service_role(access, role))

    for role, service in judge_watch.service_roles(sizes).items():
        yield f"role {role}", partial(ask, role, service)
    yield "trail", lambda: judge_watch.judge_trail(sizes, read_account.read_trails(access))
    yield (
        "image scanning",
        lambda: judge_watch.judge_scanning(repository, *read_account.read_scanning(access)),
    )
    yield "bake time", lambda: judge_watch.judge_bake(sizes, read_account.read_windows(access, name), limit)
    yield "secret keys", lambda: judge_watch.judge_secret(keys, secret_keys(access, settings.secret_name))
    yield "alerts", lambda: judge_watch.judge_subscribers(sizes, read_account.read_subscribers(access, topic))
    yield (
        "shared Redis",
        lambda: judge_watch.judge_redis(sizes, *read_account.read_redis(access, sizes.shared_redis)),
    )
