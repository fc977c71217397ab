"""How gunicorn serves the application inside a container."""

import os
import sys

bind = "0.0.0.0:8000"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
# Heartbeats in memory: on a container's disk they stall and workers are killed for nothing.
worker_tmp_dir = "/dev/shm"
# Longer than the load balancer's 60 s idle timeout, so that it never reuses a connection just closed here.
keepalive = 75
# Shorter than the 30 s that ECS grants between SIGTERM and SIGKILL.
graceful_timeout = 25
accesslog = "-"
access_log_format = '%(h)s "%(r)s" %(s)s %(b)s %(M)sms'


def on_starting(server):
    """Stop at once where a drill asks for it (FAULT=crash)."""
    if os.environ.get("FAULT") == "crash":
        print("FAULT=crash: this release stops at start, as the drill asks", file=sys.stderr, flush=True)
        sys.exit(3)
