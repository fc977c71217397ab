"""AWS's service models, as botocore ships them, and what they forbid in a value.

botocore itself looks at types, required members and shortest lengths; the models say more: patterns, longest
lengths, enumerations and ranges.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import regex
from botocore.loaders import Loader
from botocore.model import ServiceModel

_PAIRS, _BEYOND = r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"
"""What is beyond the basic plane: as Java writes it, and as Python does."""


@cache
def model(service: str) -> ServiceModel:
    """Return the model of a service, by boto3's name of it."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@cache
def member(service: str, operation: str, path: str) -> Any:
    """Return the shape of a member such as ``Actions.RedirectConfig.Host``, through lists and maps.

    Raises:
        OperationNotFoundError, KeyError: the model has no such operation or member.
    """
    shape: Any = model(service).operation_model(operation).input_shape
    for name in path.split("."):
        shape = item_of(shape).members[name]
    return shape


def item_of(shape: Any) -> Any:
    """Return the shape of what lists and maps hold, or the shape itself."""
    while shape.type_name in {"list", "map"}:
        shape = shape.member if shape.type_name == "list" else shape.value
    return shape


def values_in(shape: Any, value: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    """Yield a value and all that is in it, each with its shape and its member path."""
    yield shape, value, path
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, inner in value.items():
            if name in shape.members:
                yield from values_in(shape.members[name], inner, f"{path}.{name}".removeprefix("."))
    elif shape.type_name == "list" and isinstance(value, list | tuple):
        for inner in value:
            yield from values_in(shape.member, inner, path)
    elif shape.type_name == "map" and isinstance(value, dict):
        for key, inner in value.items():
            yield shape.key, key, path
            yield from values_in(shape.value, inner, path)


def forbidden(shape: Any, value: Any) -> Iterator[str]:
    """Yield what the model forbids in the value itself."""
    limits = shape.metadata
    if shape.type_name in {"integer", "long", "float", "double"}:
        yield from _outside(limits, value, "")
    elif shape.type_name in {"string", "list", "map", "blob"} and hasattr(value, "__len__"):
        yield from _outside(limits, len(value), " long")
    if shape.type_name == "string" and isinstance(value, str):
        if shape.enum and value not in shape.enum:
            yield f"is none of {', '.join(shape.enum)}"
        if "pattern" in limits and not _compiled(limits["pattern"]).fullmatch(value):
            yield f"does not match {limits['pattern']}"


def _outside(limits: dict[str, Any], size: float, unit: str) -> Iterator[str]:
    if "min" in limits and size < limits["min"]:
        yield f"is {size}{unit}, less than {limits['min']}"
    if "max" in limits and size > limits["max"]:
        yield f"is {size}{unit}, more than {limits['max']}"


@cache
def _compiled(pattern: str) -> Any:
    """Compile a pattern; as in the service, it describes the whole value."""
    return regex.compile(pattern.replace(_PAIRS, _BEYOND))
