"""Surveys, and where nothing is pending goes on as the application itself.

``python3 -c CODE PATIENCE COUNT SURVEY... START...``: COUNT words survey, the others start the application.
With PATIENCE, in seconds, it waits in silence until somebody has migrated. It only reads: SIGTERM ends it.
"""

import os
import signal
import subprocess
import sys
import time

# The container's first process ignores signals that it does not handle.
signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
patience, count = float(sys.argv[1]), int(sys.argv[2])
survey, start = sys.argv[3 : 3 + count], sys.argv[3 + count :]
end = time.monotonic() + patience
while True:
    pending = True
    with subprocess.Popen(survey, stdout=subprocess.PIPE) as asked:  # noqa: S603
        for line in asked.stdout or ():
            if not patience:
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()
            pending = pending and line.strip() != b"VIMBISO-MIGRATIONS 0"
    code = asked.returncode
    if code or not pending or time.monotonic() >= end:
        break
    time.sleep(2)
if code or pending:
    sys.exit(code if code >= 0 else 128 - code)
os.execvp(start[0], start)  # noqa: S606
