"""The wire between boto3's own clients and the region: their serializers, retries and parsers all run.

Each request takes a moment, in which others act. A fault befalls it as the region's ``Faults`` decide:
throttled, an error of the service, an answer that is lost after the effect, the end of the process before
or after it.
"""

import json
import logging
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from io import BytesIO
from typing import Any
from uuid import uuid4

import botocore
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.exceptions import ConnectionClosedError
from botocore.retries.bucket import TokenBucket
from botocore.retries.quota import RetryQuota
from botocore.signers import RequestSigner
from botocore.useragent import UserAgentString
from greenlet import getcurrent
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from region_clock import Clock, Killed, current
from region_parsed import as_parsed, as_raised, is_final, status_of
from support.answering import Refusal

_LATENCY = 0.08


@dataclass
class Faults:
    """What befalls requests."""

    clock: Clock
    throttled: float = 0.0
    """Share of requests that are throttled."""
    broken: float = 0.0
    """Share that the service answers with an error of its own."""
    lost: float = 0.0
    """Share whose answer is lost after the effect."""
    outages: list[tuple[float, float]] = field(default_factory=list)
    """Spans in which nothing answers, in virtual seconds."""

    def before(self, service: str) -> Refusal | None:
        """Return what is answered instead of the effect."""
        draw = self.clock.random.random()
        if draw < self.throttled:
            return Refusal("SlowDown" if service == "s3" else "ThrottlingException", "Rate exceeded")
        if draw < self.throttled + self.broken:
            return Refusal("InternalError", "We encountered an internal error. Please try again.")
        return None

    def loses(self) -> bool:
        """Whether the answer is lost."""
        return self.lost > 0 and self.clock.random.random() < self.lost

    def out(self) -> bool:
        """Whether nothing answers now."""
        return any(begin <= self.clock.seconds < end for begin, end in self.outages)


@dataclass
class Line:
    """One request as it came, for whoever looks into a history."""

    at: float
    run: str
    service: str
    operation: str
    params: dict[str, Any]


class Raw:
    """Body of an answer, as urllib3 would give it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, amt: int = 0, decode_content: bool | None = None) -> Any:
        """Yield it at once."""
        yield self.read()

    def read(self, amt: int | None = None, **_: Any) -> bytes:
        """Return what is left, or so much of it."""
        taken = self._body if amt is None else self._body[:amt]
        self._body = b"" if amt is None else self._body[amt:]
        return taken

    def close(self) -> None:
        """Need no closing."""


@dataclass
class Wire:
    """Carries requests to the services of one region."""

    clock: Clock
    services: dict[str, object]
    faults: Faults
    lines: list[Line] = field(default_factory=list)
    count: int = 0
    befallen: int = 0
    """Requests with a fault."""
    short: bool = False
    """Whether answers are handed over without the bytes: four times as fast, and the same history."""

    def carry(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any] | Refusal:
        """Let a request take its time and its effect; return the answer.

        Raises:
            ConnectionClosedError: nothing answered, or the answer was lost.
        """
        process = current()
        assert process is not None, f"{operation} outside of virtual time"
        process.sleep(_LATENCY)
        self.count += 1
        run = getattr(process.main, "run", None)
        self.lines.append(Line(self.clock.seconds, getattr(run, "id", ""), service, operation, params))
        if run is not None:
            run.requests += 1
            if run.requests == run.dies_before:
                process.kill()
                raise Killed
        if self.faults.out():
            self.befallen += 1
            raise ConnectionClosedError(endpoint_url=service)
        refusal = self.faults.before(service)
        self.befallen += refusal is not None
        answer = refusal or self._effect(service, operation, params)
        if run is not None and run.requests == run.dies_after:
            process.kill()
            raise Killed
        if self.faults.loses():
            self.befallen += 1
            raise ConnectionClosedError(endpoint_url=service)
        return answer

    def _effect(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any] | Refusal:
        method = getattr(self.services.get(service), xform_name(operation), None)
        if method is None:
            raise AssertionError(f"The region knows no {service} {operation}: {params}")
        if isinstance(params.get("Body"), BytesIO):
            params = {**params, "Body": params["Body"].getvalue()}
        try:
            return method(**params)
        except Refusal as refusal:
            return refusal


# botocore's own pace after throttling waits in real time; and what one history has used up of a client's
# retries, the next one has again.
TokenBucket.acquire = lambda *_, **__: True  # type: ignore[method-assign]
logging.Logger.debug = lambda *_, **__: None  # type: ignore[method-assign] # twenty a request, which nobody reads
UserAgentString.to_string = lambda _: "region"  # type: ignore[method-assign] # a third of a request's time
RequestSigner.sign = lambda *_, **__: None  # type: ignore[method-assign] # who asks is the region's to say
_quotas: list[RetryQuota] = []
_made = RetryQuota.__init__


def _remember(self: RetryQuota, *args: Any, **kwargs: Any) -> None:
    _made(self, *args, **kwargs)
    _quotas.append(self)


RetryQuota.__init__ = _remember  # type: ignore[method-assign]

_wire: Wire | None = None
_asked: dict[Any, dict[str, Any]] = {}
_ended: dict[Any, Refusal | ConnectionClosedError] = {}
"""What already became of a request that its client is about to send."""


def connect(wire: Wire | None) -> None:
    """Let all clients of this process speak to this region."""
    global _wire
    _wire = wire
    for quota in _quotas:
        quota._available_capacity = quota._max_capacity


def _note(params: dict[str, Any], model: Any, **_: Any) -> None:
    _asked[getcurrent()] = {"params": params, "model": model}


def _send(request: Any, event_name: str, **_: Any) -> AWSResponse | None:
    if _wire is None or getcurrent() not in _asked:
        return None
    call = _asked[getcurrent()]
    model = call["model"]
    if event_name.rpartition(".")[2] != model.name:
        return None
    service = model.service_model.service_name
    answer = _ended.pop(getcurrent(), None) or _wire.carry(service, model.name, call["params"])
    if isinstance(answer, ConnectionClosedError):
        raise answer
    if isinstance(answer, Refusal):
        return _refused(service, answer, model)
    return _answered(service, answer, model, request)


def _hook(session: Any) -> None:
    session.register("before-parameter-build", _note, unique_id="region-note")
    session.register("before-send", _send, unique_id="region-send")


botocore.register_initializer(_hook)
_whole_way = BaseClient._make_api_call


def _short_way(self: Any, operation_name: str, api_params: dict[str, Any]) -> Any:
    """Answer as a client would, without bytes between; what a client repeats goes the whole way."""
    if _wire is None or not _wire.short or current() is None:
        return _whole_way(self, operation_name, api_params)
    model = self._service_model.operation_model(operation_name)
    # What botocore fills in itself, equal in each attempt: without it a repetition has a second effect.
    params = {name: str(uuid4()) for name in model.idempotent_members} | api_params
    try:
        answer = _wire.carry(self._service_model.service_name, operation_name, params)
    except ConnectionClosedError as error:
        answer = error
    if isinstance(answer, dict) or answer is None:
        return as_parsed(model, answer)
    if isinstance(answer, Refusal) and is_final(answer):
        raise as_raised(self, answer, operation_name)
    _ended[getcurrent()] = answer
    return _whole_way(self, operation_name, params)


BaseClient._make_api_call = _short_way  # type: ignore[method-assign]
BaseClient.get_paginator = cache(BaseClient.get_paginator)  # type: ignore[method-assign] # makes a class each time


def _seconds(value: Any) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(value)


def _answered(service: str, answer: dict[str, Any], model: Any, request: Any) -> AWSResponse:
    if model.output_shape is None:
        return AWSResponse(request.url, 200, {}, Raw(b""))
    if service == "s3":
        return _s3(answer, model, request)
    protocol = model.service_model.resolved_protocol
    if protocol == "json":
        return AWSResponse(request.url, 200, {}, Raw(json.dumps(answer, default=_seconds).encode()))
    made = _serializer(service, model.name, protocol).serialize(answer)
    return AWSResponse(request.url, made["status_code"], made["headers"], Raw(_bytes(made["body"])))


@cache
def _serializer(service: str, operation: str, protocol: str) -> Any:
    """Return moto's serializer, which knows AWS's protocols."""
    return get_serializer_class(service, protocol)(get_service_model(service).operation_model(operation))


def _s3(answer: dict[str, Any], model: Any, request: Any) -> AWSResponse:
    body = answer.pop("Body", None) if model.name == "GetObject" else None
    made = _serializer("s3", model.name, "rest-xml").serialize(answer)
    headers = dict(made["headers"])
    if body is not None:
        headers["Content-Length"] = str(len(body))
    return AWSResponse(request.url, 200, headers, Raw(_bytes(made["body"]) if body is None else body))


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else str(body or "").encode()


def _refused(service: str, refusal: Refusal, model: Any) -> AWSResponse:
    error = refusal.answer["Error"]
    code, message = error["Code"], error["Message"]
    status = status_of(refusal)
    if service == "s3":
        text = (
            ""
            if model.name.startswith("Head")
            else f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        )
        return AWSResponse("", status, {}, Raw(text.encode()))
    if model.service_model.resolved_protocol == "json":
        headers = {"x-amzn-errortype": code}
        return AWSResponse(
            "", status, headers, Raw(json.dumps({"__type": code, "message": message}).encode())
        )
    text = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    return AWSResponse("", status, {}, Raw(text.encode()))
