"""What the refusal of an unsigned request tells."""

import pytest
from starlette.requests import Request

from deployments.webhook.intake import demand_signature
from deployments.webhook.model import Refusal


@pytest.mark.parametrize("header", ["X-Signature-256", "X-Hub-Signature-256"])
def test_an_unsigned_request_is_told_the_header_of_its_own_call(header: str) -> None:
    """The plain call has another than GitHub's."""
    request = Request({"type": "http", "headers": []})
    with pytest.raises(Refusal) as caught:
        demand_signature(request, b"{}", header, {"staging": ("secret",)})
    assert (caught.value.status, f" {header}: sha256=HEX" in caught.value.next_step) == (401, True)
