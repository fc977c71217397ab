"""Finds out why a service is not well: reads everything around it, judges, names likely causes."""

from pipeline.diagnosis.causes import ADVICE, Advice, Cause, likely_causes
from pipeline.diagnosis.diagnosis import Diagnosis, diagnose
from pipeline.diagnosis.facts import Facts, Subject
from pipeline.diagnosis.guide import GUIDE, answered
from pipeline.diagnosis.history import history_rows
from pipeline.diagnosis.model import Fault, Finding, Unread
from pipeline.diagnosis.reading import read_facts
from pipeline.diagnosis.report import command, to_markdown

__all__ = [
    "ADVICE",
    "GUIDE",
    "Advice",
    "Cause",
    "Diagnosis",
    "Facts",
    "Fault",
    "Finding",
    "Subject",
    "Unread",
    "answered",
    "command",
    "diagnose",
    "history_rows",
    "likely_causes",
    "read_facts",
    "to_markdown",
]
