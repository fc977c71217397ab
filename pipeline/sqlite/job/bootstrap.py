"""Fetches the job file, checks it and runs it. Passed to python3 -c, so it stays small."""

import hashlib
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import urllib.request


def _fetch(url: str, digest: str) -> bytes:
    for attempt in range(6):
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - signed by the pipeline
                body: bytes = answer.read()
        except OSError as error:
            # The URL is a secret: never let it into the log with the error.
            print(f"sqlite-job: fetching the job: {getattr(error, 'reason', error)}", flush=True)  # noqa: T201
            time.sleep(2**attempt / 2)
            continue
        if hashlib.sha256(body).hexdigest() == digest:
            return body
        sys.exit("sqlite-job: the job file is not the one that the pipeline wrote")
    sys.exit("sqlite-job: the job file could not be fetched; check the task's way to S3")


if __name__ == "__main__":
    # The container's first process ignores signals that it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    document = json.loads(_fetch(os.environ["SQLITE_JOB_URL"], os.environ["SQLITE_JOB_SHA256"]))
    folder = tempfile.mkdtemp(prefix="sqlite-code-")
    try:
        os.mkdir(f"{folder}/sqlite_job")
        for name, text in document["files"].items():
            with open(f"{folder}/sqlite_job/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        sys.path.insert(0, folder)
        main = importlib.import_module("sqlite_job.main").main
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(main(document["job"]))
