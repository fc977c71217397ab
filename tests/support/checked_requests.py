"""Every request that is made in this process, checked as AWS would."""

from typing import Any

from botocore.validate import ParamValidationDecorator
from support.aws_requests import violations

ECHOES = {"ecs RegisterTaskDefinition pidMode", "ecs RegisterTaskDefinition ipcMode"}
"""Members that MiniStack describes as "" where AWS leaves them out: a copy of a definition repeats that."""

_serialize = ParamValidationDecorator.serialize_to_request
refused: list[str] = []
"""What AWS would have refused since the list was emptied, told also where the caller swallows the error."""


class RefusedRequestError(AssertionError):
    """A request that botocore sends and AWS refuses."""


def check_requests() -> None:
    """Look at each request of any client, real, stubbed or mocked, once botocore has found it well-formed."""
    ParamValidationDecorator.serialize_to_request = _checked


def _checked(self: Any, parameters: dict[str, Any], operation: Any) -> Any:
    request = _serialize(self, parameters, operation)
    if operation.input_shape is not None:
        service = operation.service_model.service_name
        asked = violations(service, operation.name, operation.input_shape, parameters)
        found = [str(item) for item in asked if item.where not in ECHOES or item.value != ""]
        if found:
            refused.extend(found)
            raise RefusedRequestError("AWS would refuse: " + "; ".join(found))
    return request
