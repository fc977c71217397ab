"""The judgement of a certificate, case by case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.certificate.model import CertificateFacts, Level, ServedCertificate, Unreachable, Validation
from pipeline.certificate.verdict import judge

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RECORD = Validation("pay.test", "DNS", "SUCCESS", "_a.pay.test.", "_b.acm-validations.aws.")
GOOD = CertificateFacts(
    arn="arn:aws:acm:af-south-1:000000000000:certificate/1",
    domain="pay.test",
    status="ISSUED",
    type="AMAZON_ISSUED",
    serial="abc1",
    not_after=NOW + timedelta(days=100),
    in_use_by=("load balancer",),
    eligible=True,
    validations=(RECORD,),
)
SERVED = ServedCertificate("abc1", NOW + timedelta(days=100))
DNS = {"_a.pay.test.": ("_B.acm-validations.aws",)}


def test_a_sound_certificate_is_ok_from_every_side() -> None:
    """Issued, used, eligible, validated, in DNS and served."""
    verdict = judge(GOOD, NOW, SERVED, DNS)
    assert (verdict.level, verdict.days_left, verdict.problems) == (Level.OK, 100, ())


@pytest.mark.parametrize(
    ("change", "level", "subject"),
    [
        ({"status": "PENDING_VALIDATION"}, Level.FAIL, "status"),
        ({"status": "REVOKED"}, Level.FAIL, "status"),
        ({"status": "FAILED", "failure_reason": "CAA_ERROR"}, Level.FAIL, "status"),
        ({"status": ""}, Level.UNKNOWN, "status"),
        ({"not_after": None}, Level.UNKNOWN, "expiry"),
        ({"not_after": NOW - timedelta(days=1), "renewal_status": "SUCCESS"}, Level.FAIL, "expiry"),
        ({"not_after": NOW + timedelta(days=6), "renewal_status": "SUCCESS"}, Level.FAIL, "expiry"),
        ({"not_after": NOW + timedelta(days=29), "renewal_status": "SUCCESS"}, Level.WARN, "expiry"),
        ({"not_after": NOW + timedelta(days=31), "renewal_status": "SUCCESS"}, Level.OK, ""),
        ({"not_after": NOW + timedelta(days=40)}, Level.UNKNOWN, "renewal"),
        ({"renewal_status": "PENDING_VALIDATION"}, Level.WARN, "renewal"),
        ({"renewal_status": "PENDING_AUTO_RENEWAL"}, Level.OK, ""),
        ({"renewal_status": "FAILED", "renewal_reason": "CAA_ERROR"}, Level.FAIL, "renewal"),
        ({"renewal_status": "SOMETHING_NEW"}, Level.UNKNOWN, "renewal"),
        ({"eligible": False}, Level.WARN, "renewal"),
        ({"eligible": None}, Level.UNKNOWN, "renewal"),
        ({"type": "IMPORTED"}, Level.OK, ""),
        ({"type": "IMPORTED", "not_after": NOW + timedelta(days=44)}, Level.WARN, "renewal"),
        ({"in_use_by": ()}, Level.WARN, "use"),
        ({"in_use_by": None}, Level.UNKNOWN, "use"),
        ({"validations": (replace(RECORD, status="FAILED"),)}, Level.FAIL, "validation of pay.test"),
        (
            {"validations": (replace(RECORD, status="PENDING_VALIDATION"),)},
            Level.WARN,
            "validation of pay.test",
        ),
        ({"validations": (replace(RECORD, status=""),)}, Level.UNKNOWN, "validation of pay.test"),
        ({"validations": (replace(RECORD, method="EMAIL"),)}, Level.WARN, "validation of pay.test"),
        ({"serial": None}, Level.UNKNOWN, "served serial"),
        ({"serial": "abc2"}, Level.WARN, "served serial"),
    ],
)
def test_each_fault_has_its_level_and_is_named(change: dict[str, object], level: Level, subject: str) -> None:
    """One thing is changed on a sound certificate."""
    verdict = judge(replace(GOOD, **change), NOW, SERVED, DNS)  # type: ignore[arg-type]
    assert verdict.level == level
    assert [finding.subject for finding in verdict.problems][:1] == ([subject] if subject else [])


@pytest.mark.parametrize(
    ("served", "level", "subject"),
    [
        (None, Level.OK, ""),
        (Unreachable("refused"), Level.UNKNOWN, "endpoint"),
        (replace(SERVED, distrusted="Hostname mismatch"), Level.FAIL, "endpoint"),
        (replace(SERVED, not_after=NOW + timedelta(days=3)), Level.FAIL, "served certificate"),
    ],
)
def test_what_is_served_counts_for_itself(
    served: ServedCertificate | Unreachable | None, level: Level, subject: str
) -> None:
    """ACM may be content while the endpoint is not."""
    verdict = judge(GOOD, NOW, served, DNS)
    assert verdict.level == level
    assert [finding.subject for finding in verdict.problems][:1] == ([subject] if subject else [])


@pytest.mark.parametrize(
    ("targets", "level", "text"),
    [
        ((), Level.WARN, "is not in DNS"),
        (("elsewhere.test",), Level.WARN, "points to elsewhere.test"),
        (None, Level.UNKNOWN, "could not be asked"),
    ],
)
def test_a_record_that_left_dns_is_a_warning_before_the_renewal_fails(
    targets: tuple[str, ...] | None, level: Level, text: str
) -> None:
    """The finding spells out the record to create."""
    verdict = judge(GOOD, NOW, SERVED, {"_a.pay.test.": targets})
    assert verdict.level == level
    assert text in verdict.problems[0].text
    assert "_a.pay.test. CNAME _b.acm-validations.aws." in verdict.problems[0].next_step


@given(
    status=st.sampled_from(["ISSUED", "EXPIRED", "", "PENDING_VALIDATION"]),
    days=st.none() | st.integers(-9, 90),
    eligible=st.none() | st.booleans(),
    in_use=st.none() | st.just(()) | st.just(("x",)),
    renewal=st.sampled_from(["", "SUCCESS", "FAILED", "PENDING_VALIDATION"]),
)
def test_every_problem_says_what_to_do(
    status: str, days: int | None, eligible: bool | None, in_use: tuple[str, ...] | None, renewal: str
) -> None:
    """And the level is the worst finding's."""
    end = None if days is None else NOW + timedelta(days=days)
    facts = replace(
        GOOD, status=status, not_after=end, eligible=eligible, in_use_by=in_use, renewal_status=renewal
    )
    verdict = judge(facts, NOW)
    assert all(finding.next_step for finding in verdict.problems)
    assert verdict.level == max(finding.level for finding in verdict.findings)
