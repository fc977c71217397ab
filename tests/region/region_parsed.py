"""Answers of the region as botocore's parsers would give them, without the bytes between."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from botocore.response import StreamingBody

Copy = Callable[[Any], Any]


def as_parsed(model: Any, answer: dict[str, Any] | None) -> dict[str, Any]:
    """Return a copy of an answer with what its shape knows."""
    operation = model.service_model.service_name, model.name
    if operation not in _copies:
        _copies[operation] = _of(model.output_shape) if model.output_shape else None
    copy = _copies[operation]
    parsed = copy(answer or {}) if copy else {}
    return {**parsed, "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}}


_copies: dict[tuple[str, str], Copy | None] = {}


def _of(shape: Any) -> Copy | None:
    """Return what copies a value of a shape; None for one that is never changed."""
    if shape.type_name == "structure":
        return _of_structure(shape)
    if shape.type_name == "list":
        member = _of(shape.member)
        return (lambda value: [member(one) for one in value]) if member else list
    if shape.type_name == "map":
        member = _of(shape.value)
        return (lambda value: {key: member(one) for key, one in value.items()}) if member else dict
    if shape.type_name == "timestamp":
        return _moment
    if shape.type_name == "blob" and shape.serialization.get("streaming"):
        return lambda value: StreamingBody(BytesIO(value), len(value))
    return None


def _of_structure(shape: Any) -> Copy:
    members: dict[str, Copy | None] = {}

    def copy(value: dict[str, Any]) -> dict[str, Any]:
        copied = {}
        for name, one in value.items():
            if name not in members:
                members[name] = _of(shape.members[name]) if name in shape.members else _left_out
            member = members[name]
            if member is not _left_out and one is not None:
                copied[name] = member(one) if member else one
        return copied

    return copy


def _left_out(value: Any) -> Any:
    return value


def _moment(value: datetime | float) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)
