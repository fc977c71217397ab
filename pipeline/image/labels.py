"""What an image says about itself."""

from datetime import datetime

from pipeline.source.model import ResolvedSource

_PREFIX = "org.opencontainers.image."


def image_labels(source: ResolvedSource, created: datetime) -> dict[str, str]:
    """Build the labels of the OCI image specification (annotations.md); ``created`` carries its time zone."""
    values = {
        "revision": source.revision or source.content,
        "source": source.repository,
        "version": source.release,
        "created": created.isoformat(timespec="seconds"),
        "ref.name": source.ref or "",
    }
    return {f"{_PREFIX}{name}": value for name, value in values.items() if value}
