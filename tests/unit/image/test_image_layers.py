"""Files of an image, read from its layers."""

import io
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.image_layers import layer
from support.zstd import frame

import pipeline.image.layers
from pipeline.aws.access import AwsAccess
from pipeline.image.layers import UnreadableLayerError, lay_over, read_files, read_layer

EVERYTHING = re.compile(".+")


def over(*layers: dict[str, bytes | str]) -> dict[str, bytes]:
    """Lay the layers over each other."""
    files: dict[str, bytes] = {}
    for number, content in enumerate(layers):
        packed = io.BytesIO(layer(content, packed=number % 2 == 0))
        files = lay_over(files, read_layer(packed, EVERYTHING))  # type: ignore[arg-type]
    return files


@pytest.mark.parametrize(
    ("layers", "seen"),
    [
        ([{"./a": "1", "/b": "2"}], {"a": b"1", "b": b"2"}),
        ([{"a": "1"}, {"a": "2"}], {"a": b"2"}),
        ([{"a": "1", "ab": "2"}, {".wh.a": ""}], {"ab": b"2"}),
        ([{"x/a/1": "1", "x/ab": "2"}, {"x/.wh.a": ""}], {"x/ab": b"2"}),
        ([{"x/1": "1", "y": "2"}, {"x/.wh..wh..opq": "", "x/3": "3"}], {"y": b"2", "x/3": b"3"}),
        ([{"x/1": "1", "y": "2"}, {".wh..wh..opq": "", "z": "3"}], {"z": b"3"}),
        ([{"x/1": "1"}, {"x/1": "2", "x/.wh..wh..opq": ""}], {"x/1": b"2"}),
    ],
)
def test_a_container_would_see_these_files(
    layers: list[dict[str, bytes | str]], seen: dict[str, bytes]
) -> None:
    """What an upper layer writes or hides counts, whatever the order inside it."""
    assert over(*layers) == seen


def read(
    monkeypatch: pytest.MonkeyPatch,
    *layers: bytes,
    size: int = 10,
    notes: Path | None = None,
    opened: list[str] | None = None,
) -> dict[str, bytes]:
    """Read an image of these layers from a registry; ``opened`` gets those that were asked for."""
    blobs = {f"sha256:{number}": content for number, content in enumerate(layers)}
    manifest = {"layers": [{"digest": name, "size": size} for name in blobs]}

    @contextmanager
    def open_blob(
        _access: Any, _repository: str, blob: str, _registry: str | None
    ) -> Iterator[httpx.Response]:
        if opened is not None:
            opened.append(blob)
        yield httpx.Response(200, stream=httpx.ByteStream(blobs[blob]))

    monkeypatch.setattr(pipeline.image.layers, "open_blob", open_blob)
    monkeypatch.setattr(pipeline.image.layers, "read_manifest", lambda *_: json.loads(json.dumps(manifest)))
    with tempfile.TemporaryDirectory() as folder:
        place = notes or Path(folder)
        return read_files(AwsAccess("af-south-1"), "pay", "sha256:x", EVERYTHING, notes=place)


def test_an_image_is_read_layer_by_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the lowest to the uppermost."""
    found = read(monkeypatch, layer({"a": "1", "b": b"x" * 300_000}), layer({"a": "2"}))
    assert found == {"a": b"2", "b": b"x" * 300_000}


def test_a_layer_is_read_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A note that is damaged counts for nothing, and what no layer of the newest image needs goes."""
    notes, opened = tmp_path / "layers", list[str]()
    lower, upper = layer({"a": "1", "b": b"\xff\x00"}), layer({".wh.a": "", "c": "3"})
    first = read(monkeypatch, lower, upper, notes=notes, opened=opened)
    again = read(monkeypatch, lower, upper, notes=notes, opened=opened)
    assert again == first == {"b": b"\xff\x00", "c": b"3"}
    assert opened == ["sha256:0", "sha256:1"]
    for note in notes.iterdir():
        note.write_bytes(note.read_bytes()[:20])
    (notes / "of-a-killed-process.123").write_bytes(b"")
    assert read(monkeypatch, lower, notes=notes, opened=opened) == {"a": b"1", "b": b"\xff\x00"}
    assert opened == ["sha256:0", "sha256:1", "sha256:0"]
    assert len(list(notes.iterdir())) == 1


@pytest.mark.parametrize(
    ("content", "size", "said"),
    [
        (layer({"a": "1" * 5000})[:60], 10, "layer sha256:0 could not be read"),
        (frame(layer({"a": "1"}, packed=False)), 10, "layer sha256:0 could not be read"),
        (layer({"a": "1"}), 2 << 30, "its layers are 2048 MB"),
    ],
    ids=["cut off", "zstd", "too large"],
)
def test_what_cannot_be_read_is_said(
    monkeypatch: pytest.MonkeyPatch, content: bytes, size: int, said: str
) -> None:
    """With the layer; nothing is half read."""
    with pytest.raises(UnreadableLayerError, match=said):
        read(monkeypatch, content, size=size)


def test_no_image_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is packed small may be large."""
    monkeypatch.setattr(pipeline.image.layers, "_WANTED", 1000)
    assert read(monkeypatch, layer({"a": "1" * 1000}), layer({"b": "1" * 1000})).keys() == {"a", "b"}
    with pytest.raises(UnreadableLayerError, match="more than"):
        read(monkeypatch, layer({"a": "1" * 600, "b": "1" * 600}))


def test_reading_takes_no_longer_than_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry that drips does not hold a release up."""
    monkeypatch.setattr(pipeline.image.layers, "SECONDS", -1.0)
    with pytest.raises(UnreadableLayerError, match="took more than"):
        read(monkeypatch, layer({"a": "1"}))
