"""Where an application's code comes from: resolved to a pinned build context."""

from pipeline.source.context import context_digest, context_files
from pipeline.source.errors import SourceError, SourceUnreachableError
from pipeline.source.model import ResolvedSource
from pipeline.source.resolve import resolve_source, source_of

__all__ = [
    "ResolvedSource",
    "SourceError",
    "SourceUnreachableError",
    "context_digest",
    "context_files",
    "resolve_source",
    "source_of",
]
