"""Tells from a task's reason what kind of fault stopped it. Pure.

Source: Amazon ECS developer guide, "Stopped task error messages", and its pages on each of them.
"""

import re

from pipeline.diagnosis.model import Fault

_NO_WAY = (
    r"timeout|timed out|deadline exceeded|context canceled|dial tcp|no such host|connection issue|unreachable"
)
_REFUSED = r"access ?denied|not authorized|forbidden|\b403\b|no basic auth"
_GONE = r"not found|manifest unknown|does not exist|no such image|not exist|repository does not"

_PULL = r"CannotPull|pull (image|container)|pulling|failed to pull|image"
_VOLUME = r"\bEFS\b|mount\.nfs|efs utils|volume"

_TABLE: tuple[tuple[str, Fault], ...] = (
    (r"exec format error|matching platform|does not match the .*platform", Fault.ARCHITECTURE),
    (r"OutOfMemory|OOM|exited with 137", Fault.OUT_OF_MEMORY),
    (r"ELB health checks.*(timed out|timeout)|(timed out|timeout).*ELB health checks", Fault.HEALTH_SILENT),
    (r"ELB health checks", Fault.HEALTH_STATUS),
    (r"container health checks|failed health checks|health check", Fault.CONTAINER_UNHEALTHY),
    (r"RESOURCE:|capacity is unavailable|unable to place|ENI ", Fault.CAPACITY),
    (rf"(?=.*(secret))(?=.*({_REFUSED}))", Fault.SECRET_REFUSED),
    (rf"(?=.*(secret|registry auth))(?=.*({_NO_WAY}))", Fault.NO_ROUTE),
    ("secret", Fault.SECRET_MISSING),
    (_VOLUME, Fault.VOLUME),
    (rf"(?=.*({_PULL}))(?=.*({_REFUSED}))", Fault.IMAGE_NOT_PULLED),
    (rf"(?=.*({_PULL}))(?=.*({_NO_WAY}))", Fault.NO_ROUTE),
    (rf"(?=.*({_PULL}))(?=.*({_GONE}))", Fault.IMAGE_MISSING),
    (r"CannotPull|failed to pull", Fault.IMAGE_NOT_PULLED),
    (r"exited with \d+|EssentialContainerExited|CannotStartContainer", Fault.APPLICATION_EXITS),
)


def fault_of(reason: str) -> Fault:
    """Return the first kind whose words are in the reason; STOPPED_OTHERWISE for an unknown one."""
    return next(
        (fault for words, fault in _TABLE if re.search(words, reason, re.IGNORECASE | re.DOTALL)),
        Fault.STOPPED_OTHERWISE,
    )
