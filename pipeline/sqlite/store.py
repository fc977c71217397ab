"""The backup bucket: objects, and multipart uploads of others."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from pipeline.aws.bucket import S3Bucket
from pipeline.aws.errors import calling
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.sqlite import layout
from pipeline.sqlite.model import BackupManifest, DatabaseBackup, SqliteError
from pipeline.stored import Kept, read_stored

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

MANIFEST = TypeAdapter(BackupManifest)


@dataclass(frozen=True)
class OpenUpload:
    """A multipart upload that is neither completed nor aborted."""

    key: str
    id: str


class BackupStore(S3Bucket):
    """The backup bucket of one environment."""

    def __init__(self, live: LiveEnvironment) -> None:
        super().__init__(live.access, live.outputs.backup_bucket)
        self.environment = live.database_key

    def backups(self) -> tuple[DatabaseBackup, ...]:
        """Return the committed backups, newest first."""
        return layout.committed(self.keys(layout.prefix(self.environment)))

    def document(self, key: str) -> dict[str, Any] | None:
        """Return a JSON object, or None where there is none."""
        stored = self.read(key)
        return None if stored is None else dict(json.loads(stored.body))

    def find(
        self,
        key: str,
        kind: TypeAdapter[Kept],
        what: str,
        error: type[PipelineError] = SqliteError,
        damaged: str = "",
    ) -> Kept | None:
        """Return a kept object, or None where there is none; raises as ``read_stored`` does."""
        stored = self.read(key)
        where = f"{what} s3://{self.name}/{key}"
        return None if stored is None else read_stored(kind, stored.body, where, error, damaged)

    def delete_all(self, keys: Iterable[str]) -> None:
        """Delete objects, in this order; one that is not there is fine."""
        for key in keys:
            self.delete(key)

    def uploads(self, prefix: str) -> tuple[OpenUpload, ...]:
        """Return the unfinished multipart uploads of keys below ``prefix``."""
        with calling(f"Listing the uploads to s3://{self.name}/{prefix}"):
            pages = self.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.name, Prefix=prefix
            )
            return tuple(
                OpenUpload(item["Key"], item["UploadId"])
                for page in pages
                for item in page.get("Uploads", [])
            )

    def create_upload(self, key: str) -> OpenUpload:
        """Begin a multipart upload."""
        with calling(f"Beginning an upload to s3://{self.name}/{key}"):
            answer = self.client.create_multipart_upload(
                Bucket=self.name, Key=key, ContentType="application/octet-stream"
            )
        return OpenUpload(key, answer["UploadId"])

    def parts(self, upload: OpenUpload) -> dict[int, int]:
        """Return the sizes of the parts that S3 has, by number."""
        with calling(f"Listing the parts of s3://{self.name}/{upload.key}"):
            pages = self.client.get_paginator("list_parts").paginate(
                Bucket=self.name, Key=upload.key, UploadId=upload.id
            )
            return {part["PartNumber"]: part["Size"] for page in pages for part in page.get("Parts", [])}

    def complete(self, upload: OpenUpload, etags: dict[int, str]) -> str:
        """Make the parts one object and return its ETag; S3 refuses ETags that are not its own."""
        parts: list[CompletedPartTypeDef] = [
            {"PartNumber": number, "ETag": etag} for number, etag in sorted(etags.items())
        ]
        with calling(f"Completing the upload to s3://{self.name}/{upload.key}"):
            answer = self.client.complete_multipart_upload(
                Bucket=self.name, Key=upload.key, UploadId=upload.id, MultipartUpload={"Parts": parts}
            )
        return str(answer.get("ETag", "")).strip('"')

    def abort(self, uploads: Iterable[OpenUpload]) -> None:
        """Throw parts away; an upload that is gone is fine."""
        for upload in uploads:
            with calling(f"Aborting the upload to s3://{self.name}/{upload.key}"):
                try:
                    self.client.abort_multipart_upload(Bucket=self.name, Key=upload.key, UploadId=upload.id)
                except self.client.exceptions.NoSuchUpload:
                    continue


def list_backups(live: LiveEnvironment) -> tuple[DatabaseBackup, ...]:
    """Return every committed backup, newest first."""
    return BackupStore(live).backups()


def find_backup(live: LiveEnvironment, requested: str | None = None) -> DatabaseBackup:
    """Return the newest verified backup of a live database, or the one with this id or key, whatever it is.

    Copies that restores made of what they replaced are not chosen by themselves: who repeats a restore
    would get the very database back that was to go.

    Raises:
        SqliteError: there is none.
    """
    backups = list_backups(live)
    if requested is None:
        found = next((item for item in backups if item.counts), None)
        if found is None:
            raise SqliteError(
                f"{live.database_key} has no verified backup of a live database. "
                "Run backup-sqlite and read its log."
            )
        return found
    found = next((item for item in backups if requested in (item.id, item.key)), None)
    if found is None:
        known = ", ".join(item.id for item in backups[:10]) or "none"
        raise SqliteError(f"There is no backup {requested!r}. The newest: {known}.")
    return found


def read_manifest(live: LiveEnvironment, backup: DatabaseBackup) -> BackupManifest:
    """Return the backup's manifest.

    Raises:
        SqliteError: it is missing or damaged, or the backup is of another database of the application.
    """
    manifest = BackupStore(live).find(
        backup.key + layout.MANIFEST, MANIFEST, "The manifest", damaged="Choose another backup."
    )
    if manifest is None:
        raise SqliteError(f"The manifest of {backup.key} is missing. Choose another backup.")
    if manifest.database in set(live.outputs.databases) - {live.chosen or live.outputs.databases[0]}:
        raise SqliteError(
            f"{backup.key} was made of {manifest.database}, not of {live.database}: the order of `databases` "
            "in the settings has changed since. Put it back; the main database comes first."
        )
    return manifest
