"""Images on disk: whole or not at all."""

import os
from pathlib import Path

import pytest

from darkroom_client import Image
from tests.fakes.pictures import Look, picture


@pytest.mark.parametrize("name", ["png", "jpeg", "webp"])
def test_the_bytes_tell_the_format(name: str) -> None:
    assert Image(picture(name, Look(8, 8))).format == name


@pytest.mark.parametrize(
    ("data", "name"), [(b"GIF89a...", "gif"), (b"", ""), (b"RIFF\n\n\n\nWEBPVP8", "webp")]
)
def test_rarer_formats(data: bytes, name: str) -> None:
    assert Image(data).format == name


def test_saving_replaces_or_refuses(tmp_path: Path) -> None:
    path = tmp_path / "그림.png"
    assert Image(b"one").save(path) == path
    assert Image(b"two").save(str(path)) == path
    with pytest.raises(FileExistsError):
        Image(b"three").save(path, overwrite=False)
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["그림.png"]


def test_a_link_to_nowhere_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "link.png").symlink_to(tmp_path / "elsewhere.png")
    with pytest.raises(FileExistsError):
        Image(b"one").save(tmp_path / "link.png", overwrite=False)
    assert os.listdir(tmp_path) == ["link.png"]


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OSError, match=r"folder\.png"):
        Image(b"one").save(tmp_path / "folder.png")
    assert os.listdir(tmp_path) == ["folder.png"]


def test_the_bytes_stay_out_of_the_repr() -> None:
    assert "data" not in repr(Image(b"secret" * 1000))
