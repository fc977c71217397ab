"""A registry's API with as many images as one likes: AWS's page sizes and limits, and a network's latency.

python tests/bench/ecr_server.py IMAGES SECONDS serves untagged images and prints its port. GET returns how
often each operation was called; the answer to any but GET takes the seconds.
"""

import json
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_OLD = 1_600_000_000.0
_MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"


class Registry:
    """The images of one repository, all untagged, by digest."""

    def __init__(self, count: int) -> None:
        self._images = dict.fromkeys(f"sha256:{number:064x}" for number in range(count))
        self._lock = threading.Lock()
        self.calls: Counter[str] = Counter()

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a call.

        Raises:
            ValueError: more ids than one call may have.
        """
        with self._lock:
            self.calls[operation] += 1
            if operation == "ListImages":
                return self._page(request, "imageIds", lambda digest: {"imageDigest": digest})
            if operation == "DescribeImages":
                return self._page(request, "imageDetails", _detail)
            return self._delete(request["imageIds"])

    def _page(self, request: dict[str, Any], key: str, make: Any) -> dict[str, Any]:
        """Return a page: of 100 where no size is asked for, of 1,000 at most."""
        size = min(request.get("maxResults", 100), 1000)
        start = int(request.get("nextToken", 0))
        digests = list(self._images)
        more = {"nextToken": str(start + size)} if start + size < len(digests) else {}
        return {key: [make(digest) for digest in digests[start : start + size]], **more}

    def _delete(self, ids: list[dict[str, str]]) -> dict[str, Any]:
        if not 1 <= len(ids) <= 100:
            raise ValueError(f"imageIds has {len(ids)} members")
        for item in ids:
            self._images.pop(item["imageDigest"], None)
        return {"imageIds": ids, "failures": []}


def _detail(digest: str) -> dict[str, Any]:
    return {
        "imageDigest": digest,
        "imageSizeInBytes": 1000,
        "imagePushedAt": _OLD,
        "imageManifestMediaType": _MEDIA_TYPE,
    }


class Handler(BaseHTTPRequestHandler):
    """Speaks ECR's protocol, AWS JSON 1.1."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    registry: Registry
    seconds: float

    def do_GET(self) -> None:
        """Tell the calls."""
        self._send(200, self.registry.calls)

    def do_POST(self) -> None:
        """Answer a call of the API."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(self.seconds)
        try:
            self._send(200, self.registry.answer(self.headers["X-Amz-Target"].rpartition(".")[2], body))
        except ValueError as error:
            self._send(400, {"__type": "InvalidParameterException", "message": str(error)})

    def _send(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def main(count: int, seconds: float) -> None:
    """Serve until killed."""
    handler = type("Bound", (Handler,), {"registry": Registry(count), "seconds": seconds})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    print(server.server_address[1], flush=True)  # noqa: T201 - the answer
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
