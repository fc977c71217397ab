"""Judges what stands around the service: certificate, name, alarms. Pure."""

from collections.abc import Iterator

from pipeline.certificate.finding import Level
from pipeline.diagnosis.facts import Facts
from pipeline.diagnosis.model import Fault, Finding, Topic, Unread

CERTIFICATE = Topic("certificate")
DNS = Topic("DNS")
ALARMS = Topic("alarms")


def judge_certificate(facts: Facts) -> Iterator[Finding]:
    """Is the certificate sound? check-certificate looks closer."""
    found = facts.certificate
    if found is None:
        yield CERTIFICATE.skip("certificate", "this environment has none")
        return
    if isinstance(found, Unread):
        yield CERTIFICATE.skip("certificate", found.reason)
        return
    for item in found.findings:
        if item.level is Level.FAIL:
            yield CERTIFICATE.ng(item.subject, item.text, Fault.CERTIFICATE)
        elif item.level is Level.OK:
            yield CERTIFICATE.ok(item.subject, item.text)
        else:
            yield CERTIFICATE.skip(item.subject, f"{item.text} {item.next_step}".rstrip())


def judge_names(facts: Facts) -> Iterator[Finding]:
    """Does the domain lead to the load balancer?"""
    found, domain = facts.names, facts.subject.environment.domain
    if found is None or domain is None:
        yield DNS.skip("domain", "this environment has none")
    elif isinstance(found, Unread):
        yield DNS.skip(domain, found.reason)
    elif not found.domain:
        yield DNS.ng(domain, "does not resolve", Fault.DNS)
    elif not set(found.domain) & set(found.load_balancer):
        told = f"leads to {', '.join(found.domain)}, the load balancer to {', '.join(found.load_balancer)}"
        yield DNS.ng(domain, told, Fault.DNS)
    else:
        yield DNS.ok(domain, "leads to the load balancer")


def judge_alarms(facts: Facts) -> Iterator[Finding]:
    """Which alarms ring?"""
    found = facts.alarms
    if isinstance(found, Unread):
        yield ALARMS.skip("alarms", found.reason)
        return
    ringing = [alarm for alarm in found if alarm.state == "ALARM"]
    for alarm in ringing:
        yield ALARMS.ng(alarm.name, alarm.reason, Fault.ALARM)
    quiet = len(found) - len(ringing)
    if quiet:
        yield ALARMS.ok("others" if ringing else "alarms", f"{quiet} are quiet")
    if not found:
        yield ALARMS.skip("alarms", "this environment has none")
