"""Rules for reading what the pipeline keeps, whichever of its versions wrote it. Pure.

Fields that a version does not know are passed over: the models ignore them. A word of a closed set that it
does not know is read as one that permits nothing where ``word_or`` names one; elsewhere it is an error.
"""

from typing import TypeVar

from pydantic import BeforeValidator, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from pipeline.errors import PipelineError

Kept = TypeVar("Kept")
_UNKNOWN_WORD = frozenset({"enum", "literal_error"})
"""Types of pydantic's errors on a word outside of its set."""
_SHOWN = 40
"""Characters of an unknown word in an error."""


def word_or(otherwise: str, *known: str) -> BeforeValidator:
    """Return a validator that reads an unknown word as ``otherwise``; what is no word stays an error."""
    words = {otherwise, *known}

    def read(found: object) -> object:
        return otherwise if isinstance(found, str) and found not in words else found

    return BeforeValidator(read)


def read_stored(
    kind: TypeAdapter[Kept], body: bytes, what: str, error: type[PipelineError], damaged: str = ""
) -> Kept:
    """Return an object as it was kept.

    Args:
        kind: its type.
        body: its JSON.
        what: its kind and address, as the subject of a sentence.
        error: what is raised where it cannot be read.
        damaged: what to do about a damaged one, in sentences.

    Raises:
        PipelineError: ``error``; it is damaged, or a newer version wrote it and it is not safe to act on it.
    """
    try:
        return kind.validate_json(body)
    except ValidationError as caught:
        raise error(_explain(what, caught, damaged)) from caught


def _explain(what: str, error: ValidationError, damaged: str) -> str:
    faults = error.errors(include_url=False)
    if any(item["type"] not in _UNKNOWN_WORD or not isinstance(item["input"], str) for item in faults):
        wrong = "; ".join(": ".join(filter(None, (_place(item), item["msg"]))) for item in faults)
        return f"{what} is damaged ({wrong}). {damaged}".rstrip()
    words = ", ".join(f"{_place(item)} {item['input'][:_SHOWN]!r}" for item in faults)
    return (
        f"{what} was written by a newer version of the pipeline: this one does not know {words}, and does "
        "nothing with it. Go on with the version that wrote it."
    )


def _place(fault: ErrorDetails) -> str:
    return ".".join(map(str, fault["loc"]))
