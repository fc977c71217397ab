"""Judges the account, its region and its quotas against what an environment needs at its most. Pure."""

from dataclasses import dataclass

from pipeline.doctor.model import DoctorLine, Sizes, ng, ok, skip
from pipeline.environment.model import Environment

_ONE_OFFS = 2
"""Tasks beside the service's: a migration or smoke test, and a backup or drill by the schedule."""
_UNITS = 1024


@dataclass(frozen=True)
class Quota:
    """A quota of the region, and how much of it one environment needs."""

    service: str
    code: str
    needed: float


def quotas(sizes: Sizes, settings: Environment) -> dict[str, Quota]:
    """Return the quotas that count here, by name, each with the need at its most."""
    gateways = 1 if sizes.single_nat_gateway else sizes.zone_count
    inbound, outbound = (2 if settings.domain else 1), 1 + (settings.data_host_path is None)
    rules = max(inbound, outbound + (sizes.shared_redis is not None))
    return {
        "Fargate vCPUs": Quota("fargate", "L-3032A538", needed_cpus(sizes)),
        "Elastic IPs": Quota("ec2", "L-0263D0A3", gateways),
        "VPCs": Quota("vpc", "L-F678F1CE", 1),
        "NAT gateways in a zone": Quota("vpc", "L-FE5A380F", 1),
        "rules in a security group": Quota("vpc", "L-0EA8095F", rules),
    }


def needed_cpus(sizes: Sizes) -> float:
    """Return the vCPUs of all tasks while the service, at its largest, rolls out."""
    most = max(sizes.desired_count, int((sizes.autoscaling or {}).get("max_capacity", 0)))
    rolling = most * max(sizes.maximum_percent, 100) // 100
    return (rolling + _ONE_OFFS) * sizes.task_cpu / _UNITS


def judge_quota(quota: Quota, limit: float, used: float) -> DoctorLine:
    """Say whether the environment fits in beside what others have ``used``."""
    seen = f"{quota.needed:g} needed at most, {used:g} used by others, {limit:g} allowed"
    wanted = quota.needed + used
    if wanted <= limit:
        return ok(seen)
    return ng(
        seen,
        f"aws service-quotas request-service-quota-increase --service-code {quota.service} "
        f"--quota-code {quota.code} --desired-value {wanted:g}",
    )


def judge_region(region: str, status: str) -> DoctorLine:
    """Say whether the account has switched the region on; ``status`` is DescribeRegions' word, or ""."""
    if status in ("opted-in", "opt-in-not-required"):
        return ok(f"{region}, {status}")
    return ng(
        f"{region} is {status or 'no region that this account knows'}",
        f"aws account enable-region --region-name {region}; it takes minutes to hours.",
    )


def judge_account(expected: str | None, found: str, *, emulated: bool = False) -> DoctorLine:
    """Say whether the credentials are the environment's account's; on AWS it must name one."""
    if expected is None:
        say = skip if emulated else ng
        return say(
            f"{found}; the environment names none",
            f'If that is right, set account_id = "{found}" in environments.toml and register again.',
        )
    if expected != found:
        return ng(f"{found} instead of {expected}", "Put the right keys into its aws-credentials block.")
    return ok(found)
