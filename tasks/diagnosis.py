"""Looks why a service is not well."""

from datetime import timedelta

from prefect.logging import get_run_logger

from pipeline.clock import utc_now
from pipeline.diagnosis.diagnosis import Diagnosis, diagnose
from pipeline.diagnosis.facts import Subject
from pipeline.diagnosis.reading import read_facts
from pipeline.diagnosis.report import command, to_markdown
from pipeline.live import LiveEnvironment
from tasks.support import show_page, step


@step
def diagnose_service(live: LiveEnvironment, since_hours: float = 2) -> Diagnosis:
    """Read everything around the service, show findings and likely causes as a page, log the causes.

    What cannot be read is a finding of its own; nothing is changed.
    """
    now = utc_now()
    subject = Subject(live.settings, live.outputs, now, now - timedelta(hours=since_hours))
    found = diagnose(read_facts(live.access, subject))
    show_page(live, "diagnosis", to_markdown(found), f"{live.name}: {found.headline}")
    log = get_run_logger()
    for place, cause in enumerate(found.causes, start=1):
        over = " (over by now)" if cause.past else ""
        log.warning("%d. %s%s %s", place, cause.advice.means, over, cause.evidence[0].reason)
        for flow in () if cause.past else cause.advice.flows:
            log.info("   %s", command(flow, live.name))
    if not found.causes:
        log.info(found.headline)
    return found
