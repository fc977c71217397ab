"""Judges whether a decision in the environment can be made, and whether it proves who made it. Pure."""

from dataclasses import replace

from pipeline.approvers import ApprovalRule
from pipeline.doctor.model import DoctorLine, ng, ok, skip
from pipeline.environment.model import ApprovalPolicy


def judge_approvers(rule: ApprovalRule, approval: ApprovalPolicy) -> DoctorLine:
    """Say who can approve."""
    enrol = f"Enrol them: vimbiso approver {rule.environment} NAME."
    names = ", ".join(rule.enrolled)
    if rule.lacking:
        line = ng(f"{rule.wanted} must agree, enrolled: {names or 'nobody'}; so nobody can approve", enrol)
    elif names:
        line = ok(f"{names}; {rule.wanted} must agree")
    elif approval == "always":
        line = skip("nobody is enrolled: who uses Prefect approves, under any name", enrol)
    else:
        line = skip("nobody is enrolled, and only ways back across irreversible migrations ask a person")
    return replace(line, name="approvers")
