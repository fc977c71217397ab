"""An emulator of AWS for the maintenance tests, on a port of its own."""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ports import free_port
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from pipeline.aws import AwsAccess

REGION = "af-south-1"


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsAccess]:
    """Access to an emulator that is empty at first."""
    port = free_port()
    environment = {**os.environ, "GATEWAY_PORT": str(port), "MINISTACK_REGION": REGION}
    program = Path(sys.executable).with_name("ministack")
    with subprocess.Popen(
        [program], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(f"http://localhost:{port}/_ministack/health", process)
            yield AwsAccess(REGION, f"http://localhost:{port}", "made-up", "made-up")
        finally:
            process.terminate()


@retry(retry=retry_if_exception_type(OSError), wait=wait_fixed(0.2), stop=stop_after_delay(60), reraise=True)
def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    assert process.poll() is None, "the emulator ended"
    urllib.request.urlopen(url, timeout=1).close()  # noqa: S310 - a loopback address
