"""Layers of images for tests: tars in memory."""

import gzip
import io
import tarfile
from collections.abc import Mapping


def layer(files: Mapping[str, bytes | str], *, packed: bool = True) -> bytes:
    """Return a layer with these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, content in files.items():
            body = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(path)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return gzip.compress(buffer.getvalue()) if packed else buffer.getvalue()


STATUS = """Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u9
Description: GNU C Library
 Package: not-this

Package: gone
Status: deinstall ok config-files
Version: 1

"""
INSTALLED = "C:Q1x\nP:musl\nV:1.2.5-r0\nA:x86_64\n\nP:busybox\nV:1.36.1-r29\nA:x86_64\n\n"
RELEASE = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
METADATA = "Metadata-Version: 2.1\nName: Django_Filter\nVersion: 24.3\n\nName: not this\n"
