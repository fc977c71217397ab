"""The digest in the lock table, where a killed Terraform had no time to write it.

Terraform writes the state to S3, then the digest of it into the lock table, and refuses a state of another
digest from then on. Source: the S3 backend, ``dynamodb_table``.
"""

from itertools import islice

from pipeline.state.head import UnreadableStateError, read_head
from pipeline.state.home import StateHome
from pipeline.state.lock import read_digest, write_digest
from pipeline.state.model import StateHead


def is_one_write_behind(digest: str | None, before: StateHead, present: StateHead) -> bool:
    """Whether the digest is that of the version which the present state directly continues. Pure."""
    continues = present.lineage == before.lineage and present.serial > before.serial
    return continues and digest == before.md5 != present.md5


def settle_digest(home: StateHome) -> bool:
    """Write the digest that is one write behind, and say whether it was. Only while nobody else can write.

    Any other disagreement stays: the state was lost, damaged or replaced by hand, and a person decides.
    """
    newest = [version for version, _ in islice(home.versions(home.backend.key), 2)]
    if len(newest) < 2:
        return False
    try:
        present, before = read_head(home), read_head(home, newest[1])
    except UnreadableStateError:
        return False
    if present is None or before is None or present.version_id != newest[0]:
        return False
    if not is_one_write_behind(read_digest(home), before, present):
        return False
    write_digest(home, present.md5)
    return True
