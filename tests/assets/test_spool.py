"""Files being written: bounded, hashed, gone when they are not wanted."""

import hashlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from darkroom.assets import Spool, process_spool
from darkroom.assets.spool import RESULT_BYTES_MAX, UPLOAD_BYTES_MAX
from darkroom.core.errors import PayloadTooLarge, UpstreamBroken


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def test_what_was_written_is_known_by_its_hash(spool: Spool) -> None:
    writer = spool.result()
    for piece in (b"one", bytearray(b"two"), memoryview(b"three"), b""):
        writer.write(piece)
    image = writer.finish()
    assert image.path.read_bytes() == b"onetwothree"
    assert (image.sha256, image.byte_size) == (hashlib.sha256(b"onetwothree").hexdigest(), 11)


def test_discarded_files_are_gone_also_after_the_end(spool: Spool, tmp_path: Path) -> None:
    for ends in (False, True):
        writer = spool.result()
        writer.write(b"x")
        if ends:
            writer.finish()
        writer.discard()
        writer.discard()
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "limit", "error"),
    [("upload", UPLOAD_BYTES_MAX, PayloadTooLarge), ("result", RESULT_BYTES_MAX, UpstreamBroken)],
)
def test_the_limit_is_exact_and_named_by_whose_fault_it_is(
    kind: str, limit: int, error: type[Exception], spool: Spool
) -> None:
    writer = spool.upload() if kind == "upload" else spool.result()
    piece = memoryview(bytes(1_000_000))
    for _ in range(limit // 1_000_000):
        writer.write(piece)
    with pytest.raises(error):
        writer.write(b"x")
    writer.discard()


def test_an_earlier_process_left_nothing_of_use(tmp_path: Path) -> None:
    (tmp_path / "spool" / "folder").mkdir(parents=True)
    (tmp_path / "spool" / "file").write_bytes(b"x")
    Spool(tmp_path / "spool")
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_process_has_its_own_folder_and_clears_those_of_the_dead(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host = socket.gethostname()
    dead, alive = tmp_path / f"{host}-{ended.pid}", tmp_path / f"{host}-{os.getppid()}"
    elsewhere = tmp_path / f"another-host-{ended.pid}"
    for folder in (dead, alive, elsewhere):
        folder.mkdir()
        (folder / "image").write_bytes(b"x")
    spool = process_spool(tmp_path, alone=False)
    assert spool.path().parent == tmp_path / f"{host}-{os.getpid()}"
    assert not dead.exists()
    assert alive.exists()
    assert elsewhere.exists()
    process_spool(tmp_path, alone=True)
    assert list(tmp_path.iterdir()) == []
