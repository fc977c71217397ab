"""The emulated registry's layers, kept as files."""

import json
from pathlib import Path
from typing import Any

import pytest
from ministack.core import persistence
from ministack.core.responses import AccountRegionScopedDict
from ministack.services import ecr

from deployments.local.stack.blobs import BlobStore, install, referenced

_ONE, _TWO, _THREE = (f"sha256:{letter * 64}" for letter in "abc")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of an emulator that saves its state."""
    monkeypatch.setattr(persistence, "PERSIST_STATE", True)
    monkeypatch.setattr(persistence, "STATE_DIR", str(tmp_path / "services"))
    for name in ("_layer_blobs", "_images", "_manifest_blobs"):
        monkeypatch.setattr(ecr, name, AccountRegionScopedDict())
    return tmp_path


def restart(state: Path) -> None:
    """Save, and begin as the emulator begins."""
    persistence.save_state("ecr", ecr.get_state())
    ecr._images, ecr._manifest_blobs = AccountRegionScopedDict(), AccountRegionScopedDict()
    install(state)
    ecr.load_persisted_state(persistence.load_state("ecr"))


def layers(repository: str = "app") -> Any:
    """Return a repository's blobs."""
    return ecr._layer_blobs.setdefault(repository, {})


def have(repository: str, digest: str, manifest: bytes) -> None:
    """Put an image into the registry."""
    ecr._images.setdefault(repository, []).append({"imageId": {"imageDigest": digest}})
    ecr._manifest_blobs.setdefault(repository, {})[digest] = manifest


def test_a_layer_survives_a_restart_outside_the_saved_state(state: Path) -> None:
    """The state has a word of the repository, and no byte of its layers."""
    install(state)
    layers("team/app")[_TWO] = b"x" * 100_000
    have("team/app", _ONE, f'{{"layers": ["{_TWO}"]}}'.encode())
    restart(state)
    assert (state / "services/ecr.json").stat().st_size < 2_000
    found = layers("team/app")
    assert (found.get(_TWO), found[_TWO], _TWO in found) == (b"x" * 100_000, b"x" * 100_000, True)
    assert (found.get(_ONE), _ONE in found, dict(found)) == (None, False, {})
    assert layers("other").get(_TWO) is None, "a layer belongs to its repository"


def test_what_an_earlier_version_held_in_memory_is_taken_over(state: Path) -> None:
    """Nobody's registry is empty after an upgrade."""
    layers()[_TWO] = b"old"
    have("app", _ONE, _TWO.encode())
    restart(state)
    assert layers()[_TWO] == b"old"
    restart(state)
    assert layers()[_TWO] == b"old"


def test_layers_that_no_image_has_are_removed_at_the_start(state: Path) -> None:
    """An image that was deleted leaves its manifest behind; its layers go, unless another image has them."""
    install(state)
    have("app", _ONE, _TWO.encode())
    ecr._manifest_blobs.setdefault("app", {})[f"sha256:{'d' * 64}"] = f"{_TWO} {_THREE}".encode()
    layers()[_TWO], layers()[_THREE] = b"used", b"unused"
    restart(state)
    assert (layers().get(_TWO), layers().get(_THREE)) == (b"used", None)


def test_an_index_keeps_the_layers_of_its_images() -> None:
    """Manifests name manifests."""
    manifests = {_ONE: f'{{"manifests": ["{_TWO}"]}}'.encode(), _TWO: _THREE.encode()}
    assert referenced([_ONE], manifests) == {_ONE, _TWO, _THREE}
    assert referenced([], manifests) == set()


def test_a_store_forgets(tmp_path: Path) -> None:
    """A blob by its digest, or all."""
    store = BlobStore(tmp_path / "blobs")
    blobs = store.setdefault("app", {})
    blobs[_ONE] = blobs[_TWO] = b"1"
    blobs.pop(_ONE, None)
    blobs.pop(_ONE, None)
    assert (_ONE in blobs, _TWO in blobs) == (False, True)
    assert json.dumps(blobs) == "{}"
    store.clear()
    assert store.setdefault("app", {}).get(_TWO) is None
