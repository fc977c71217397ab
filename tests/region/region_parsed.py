"""Answers of the region as botocore's parsers would give them, without the bytes between."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from botocore.response import StreamingBody
from support.answering import Refusal

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


def is_final(refusal: Refusal) -> bool:
    """Whether a client does not repeat what was refused so."""
    code = refusal.answer["Error"]["Code"]
    return status_of(refusal) < 500 and "Throttl" not in code


def as_raised(client: Any, refusal: Refusal, operation: str) -> Exception:
    """Return what a client raises for a refusal."""
    error = refusal.answer["Error"]
    metadata = {"HTTPStatusCode": status_of(refusal), "HTTPHeaders": {}, "RetryAttempts": 0}
    raised: Exception = client.exceptions.from_code(error["Code"])(
        {"Error": dict(error), "ResponseMetadata": metadata}, operation
    )
    return raised


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal."""
    return int(getattr(refusal, "status", _STATUS.get(refusal.answer["Error"]["Code"], 400)))


_STATUS = dict.fromkeys(("404", "NoSuchKey", "NoSuchBucket", "NoSuchUpload"), 404) | {
    "PreconditionFailed": 412,
    "ConditionalRequestConflict": 409,
    "SlowDown": 503,
    "InternalError": 500,
}
