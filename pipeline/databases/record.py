"""The record of the application's databases, in the backup bucket."""

from pydantic import TypeAdapter

from pipeline.aws.access import AwsAccess
from pipeline.aws.bucket import S3Bucket
from pipeline.databases.model import DatabaseError, KnownDatabases
from pipeline.stored import read_stored

_KNOWN = TypeAdapter(KnownDatabases)


class DatabaseRecord:
    """Record of what the newest release's Django named: ``releases/ENV/databases.json``."""

    def __init__(self, access: AwsAccess, bucket: str, environment: str) -> None:
        self._bucket = S3Bucket(access, bucket)
        self._key = f"releases/{environment}/databases.json"

    def read(self) -> KnownDatabases | None:
        """Return what is recorded; None before the first release that was asked.

        Raises:
            DatabaseError: the record is damaged.
            AwsError: it cannot be read.
        """
        stored = self._bucket.read(self._key)
        if stored is None:
            return None
        return read_stored(
            _KNOWN,
            stored.body,
            f"The record of the databases s3://{self._bucket.name}/{self._key}",
            DatabaseError,
            "The next deployment writes another.",
        )

    def write(self, known: KnownDatabases) -> None:
        """Record the databases of a release."""
        self._bucket.write(self._key, known.model_dump_json(indent=1).encode())
