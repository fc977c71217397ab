"""An emulator of AWS of a test's own."""

import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from pipeline.aws.access import AwsAccess

REGION = "af-south-1"


@contextmanager
def ministack(port: int, key: str = "test") -> Iterator[AwsAccess]:
    """Run MiniStack as the local stack does, empty at first, until the block ends; return the way to it.

    ``key`` is the secret key. MiniStack looks at none, except that it checks presigned URLs by ``test``.
    """
    environment = {
        **os.environ,
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
    }
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "deployments", "stack", "emulator"],
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            _wait_for(f"http://localhost:{port}/_ministack/health", process)
            yield AwsAccess(REGION, f"http://localhost:{port}", "test", key)
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read()[-4000:].decode(errors="replace"))  # pytest shows it with the failure
            raise
        finally:
            process.terminate()
            process.wait(120)


@retry(retry=retry_if_exception_type(OSError), wait=wait_fixed(0.1), stop=stop_after_delay(240), reraise=True)
def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    assert process.poll() is None, f"MiniStack ended with {process.returncode}; is its port free?"
    urllib.request.urlopen(url, timeout=30).close()  # noqa: S310 - a loopback address
