"""Enrols the persons whose one-time codes approve."""

import re
import sys
from getpass import getpass

import segno
from pydantic import SecretStr
from pyotp import TOTP, random_base32

from blocks.approver import Approver, approver_block, enrolled_approvers
from deployments.cli.declared import CommandError
from pipeline.approvers import ApprovalRule, Attempt, judge_code
from pipeline.clock import utc_now
from pipeline.environment.loader import environment as settings_of


def show_approvers(environment: str) -> int:
    """Print who is enrolled, and what an approval takes."""
    demanded = settings_of(environment).approvers
    print(ApprovalRule(environment, demanded, enrolled_approvers(environment)).describe())
    return 0


def enrol(environment: str, name: str) -> int:
    """Show a new key as a QR code; keep it once a first code shows that an authenticator has it.

    Raises:
        CommandError: the name is none or taken, nobody sits at the terminal, or the code is wrong.
    """
    # A dash would end the environment's name in the block's.
    if not re.fullmatch(r"[a-z][a-z0-9]{0,31}", name):
        raise CommandError(f"{name!r} is no approver's name: lower-case letters and digits, such as ann.")
    if name in enrolled_approvers(environment):
        raise CommandError(
            f"{name} is enrolled in {environment}. A new key: first take {name} out (--remove)."
        )
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError("The key is shown on a terminal alone: files and logs would keep it.")
    secret = random_base32()
    uri = TOTP(secret, name=name, issuer=f"Vimbiso {environment}").provisioning_uri()
    segno.make(uri).terminal(compact=True)
    print(f"Scan it with an authenticator, or type this key there: {secret}\nIt is not shown again.")
    code = ask_code(name)
    first = Attempt(question="enrolment", at=utc_now())
    verdict = judge_code(SecretStr(secret), (), first, code)
    if verdict.fault:
        raise CommandError(f"{verdict.fault} Nobody was enrolled.")
    block = Approver(secret=SecretStr(secret), attempts=verdict.attempts)
    block.save(approver_block(environment, name))
    print(f"{name} is an approver of {environment}.")
    return show_approvers(environment)


def remove(environment: str, name: str) -> int:
    """Take an approver out.

    Raises:
        CommandError: nobody of that name is enrolled.
    """
    if name not in enrolled_approvers(environment):
        raise CommandError(f"{name} is no approver of {environment}.")
    Approver.delete(approver_block(environment, name))
    print(f"{name} is no approver of {environment} any more.")
    return show_approvers(environment)


def ask_code(name: str) -> SecretStr:
    """Return the code that is typed unseen, or comes through a pipe."""
    typed = getpass(f"One-time code of {name}: ") if sys.stdin.isatty() else sys.stdin.readline()
    return SecretStr("".join(typed.split()))
