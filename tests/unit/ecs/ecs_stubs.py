"""boto3 clients that answer from a script and check every request against the service model."""

from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.stub import Stubber

from pipeline.aws.access import AwsAccess


@dataclass(frozen=True)
class StubbedAccess(AwsAccess):
    """Access whose clients answer from a script; anything else they are asked fails."""

    region: str = "af-south-1"
    stubs: dict[str, Stubber] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return the scripted client of the service."""
        return self.stub(service).client

    def stub(self, service: str) -> Stubber:
        """Return the script of the service's client."""
        if service not in self.stubs:
            client = boto3.client(
                service, region_name=self.region, aws_access_key_id="x", aws_secret_access_key="x"
            )
            self.stubs[service] = Stubber(client)
            self.stubs[service].activate()
        return self.stubs[service]

    def answers(self, service: str, operation: str, answer: dict[str, Any], /, **expected: Any) -> None:
        """Script the next answer, to exactly this request."""
        self.stub(service).add_response(operation, answer, expected)

    def refuses(self, service: str, operation: str, code: str) -> None:
        """Script an error as the next answer, whatever the request."""
        self.stub(service).add_client_error(operation, code, "no")

    def nothing_left(self) -> None:
        """Fail when something scripted was not asked for."""
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()
