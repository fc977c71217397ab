"""Does the application answer as it should, seen from outside?"""

from pipeline.health.probe import Probe, ProbeReport, Reply, judge, probe

__all__ = ["Probe", "ProbeReport", "Reply", "judge", "probe"]
