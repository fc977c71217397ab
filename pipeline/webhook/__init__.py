"""Decisions of the webhook receiver: who may ask, what is asked for, and what it leads to."""

from pipeline.webhook.coalescing import WaitingRun, newest, superseded
from pipeline.webhook.errors import Refusal
from pipeline.webhook.github import decide
from pipeline.webhook.limits import Bucket, take
from pipeline.webhook.model import Decision, Deploy, Ignore
from pipeline.webhook.plain import PlainCall, parse_plain
from pipeline.webhook.signature import is_signed, sign
from pipeline.webhook.status import github_state

__all__ = [
    "Bucket",
    "Decision",
    "Deploy",
    "Ignore",
    "PlainCall",
    "Refusal",
    "WaitingRun",
    "decide",
    "github_state",
    "is_signed",
    "newest",
    "parse_plain",
    "sign",
    "superseded",
    "take",
]
