"""What the receiver counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest


class Metrics:
    """Counters of one receiver."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "webhook_requests", "Answers by endpoint and status.", ["path", "status"], registry=self._registry
        )
        self.seconds = Histogram(
            "webhook_request_seconds", "Time to the answer.", ["path"], registry=self._registry
        )
        self.started = Counter(
            "webhook_deployments", "Accepted deliveries.", ["environment"], registry=self._registry
        )
        self.coalesced = Counter(
            "webhook_coalesced",
            "Accepted deliveries that a newer one's run serves.",
            ["environment"],
            registry=self._registry,
        )
        self.statuses = Counter("webhook_statuses", "Statuses sent to GitHub.", registry=self._registry)
        self.report_errors = Counter(
            "webhook_report_errors", "Rounds of reporting that failed.", registry=self._registry
        )

    def text(self) -> bytes:
        """Return the text format."""
        return generate_latest(self._registry)
