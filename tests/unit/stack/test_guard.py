"""What reaches the emulated AWS: programs of this machine, the application's visitors, a container's URLs."""

import pytest

from deployments.local.stack.guard import Request, refusal

HERE, BRIDGE = "127.0.0.1", "172.17.0.1"
URL = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=000000000000%2F20261124%2Faf-south-1%2Fs3%2Faws4_request"
    "&X-Amz-Date=20261124T120000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=abc"
)
APPLICATION = "shop.alb.localhost"


def judge(address: str, query: str = "", path: str = "/bucket/key", **headers: str) -> str:
    """Judge a request; header names have _ for -."""
    named = {"host": "localhost:4566", **{name.replace("_", "-"): value for name, value in headers.items()}}
    request = Request("GET", path, query, named, address)
    return refusal(request, lambda host: host.partition(":")[0] == APPLICATION)


@pytest.mark.holds("host neighbour", "start")
@pytest.mark.parametrize(
    ("what", "headers"),
    [
        ("a program", {}),
        ("a program by address", {"host": "127.0.0.1:4566"}),
        ("a bucket's own name", {"host": "bucket.s3.af-south-1.amazonaws.com"}),
        ("a page of its own", {"origin": "http://localhost:4566", "sec_fetch_site": "same-origin"}),
        ("a typed address", {"sec_fetch_site": "none"}),
        (
            "a visitor of the application from anywhere",
            {"host": APPLICATION, "origin": "https://evil.example"},
        ),
    ],
)
def test_this_machine_may_use_it(what: str, headers: dict[str, str]) -> None:
    """Terraform, boto3, Docker and browsers get through."""
    assert judge(HERE, **headers) == "", what


@pytest.mark.holds("web page on the operator's machine", "reach")
@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"origin": "https://evil.example"}, "Web pages of https://evil.example"),
        ({"origin": "null"}, "Web pages of null"),
        ({"origin": "http://localhost:8080"}, "Web pages of http://localhost:8080"),
        ({"sec_fetch_site": "cross-site"}, "Web pages of other sites"),
        ({"sec_fetch_site": "same-site"}, "Web pages of other sites"),
        ({"host": "rebound.evil.example:4566"}, "'rebound.evil.example' is no name"),
        (
            {"host": "other.alb.localhost", "origin": "https://evil.example"},
            "Web pages of https://evil.example",
        ),
        ({"host": ""}, "'' is no name"),
    ],
)
def test_a_web_page_may_not(headers: dict[str, str], reason: str) -> None:
    """Also not by a name that its owner lets resolve to this machine, or one of no load balancer."""
    assert judge(HERE, **headers).startswith(reason)


@pytest.mark.parametrize(
    ("address", "host"),
    [(BRIDGE, "host.docker.internal:4566"), (BRIDGE, "172.17.0.1:4566"), (HERE, "host.docker.internal:4566")],
)
def test_a_container_may_use_its_presigned_urls(address: str, host: str) -> None:
    """An engine in a virtual machine brings them to the loopback, under the containers' name."""
    assert judge(address, URL, host=host) == ""


@pytest.mark.holds("application container", "reach")
@pytest.mark.holds("application container", "start")
@pytest.mark.parametrize(
    ("what", "query", "path", "headers"),
    [
        ("Lambda", "", "/2015-03-31/functions", {}),
        ("an unsigned object", "", "/bucket/key", {}),
        ("the emulator's own commands", URL, "/_ministack/reset", {}),
        ("a load balancer by path", URL, "/_alb/shop/", {}),
        (
            "another service by its target",
            URL,
            "/",
            {"x_amz_target": "AmazonEC2ContainerServiceV20141113.RunTask"},
        ),
        (
            "a signature in the header",
            URL,
            "/bucket/key",
            {"authorization": "AWS4-HMAC-SHA256 Credential=a/b/c/s3/d"},
        ),
        ("a query of another service", f"{URL}&Action=CreateUser", "/", {}),
        ("another service's scope", URL.replace("%2Fs3%2F", "%2Fiam%2F"), "/", {}),
        ("a signature that the emulator does not verify", URL.replace("HMAC", "ECDSA"), "/bucket/key", {}),
        ("one without an end", URL.replace("X-Amz-Expires=3600&", ""), "/bucket/key", {}),
        ("two scopes", f"{URL}&X-Amz-Credential=a%2Fb%2Fc%2Fiam%2Faws4_request", "/", {}),
        ("the application's name", "", "/", {"host": APPLICATION}),
    ],
)
def test_a_container_may_use_nothing_else(what: str, query: str, path: str, headers: dict[str, str]) -> None:
    """Whoever breaks into the application gets no hold of this machine."""
    assert judge(BRIDGE, query, path, **headers) == "Containers may use presigned S3 URLs only.", what
