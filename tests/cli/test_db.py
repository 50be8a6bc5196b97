"""``darkroom db``: a backup of a server at work is whole, and restored to the last byte."""

import io
import json
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call
from tests.cli.serving import ServerProcess

Edit = Callable[[dict[str, bytes]], None]


def made(call: Call, *words: str) -> dict[str, Any]:
    done = call(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def rewritten(archive: Path, edit: Edit) -> Path:
    """A copy of the archive with other contents."""
    contents: dict[str, bytes] = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            file = tar.extractfile(member)
            assert file is not None
            contents[member.name] = file.read()
    edit(contents)
    target = archive.with_name("rewritten.tar")
    with tarfile.open(target, "w") as tar:
        for name, data in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return target


def test_what_a_running_server_holds_can_be_restored_elsewhere(
    call: Call, folder: Path, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = made(call, "generate", "a picture to keep", "-q", "low", "-o", "made.png")["job_id"]
    told = made(call, "db", "backup", "-o", "all.tar")
    assert (told["database"], told["images"] >= 1) == (True, True)
    assert stat.S_IMODE(Path("all.tar").stat().st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir()) == ["all.tar", "made.png"]
    assert call("db", "backup", "-o", "all.tar").exit_code == 1

    restored = call("db", "restore", "all.tar", "--data-dir", "elsewhere")
    assert restored.exit_code == 0, restored.output
    monkeypatch.setenv("DARKROOM_DATA_DIR", str(folder / "elsewhere"))
    assert call("db", "migrate").exit_code == 0
    done = call("jobs", "wait", job, "-o", "again.png")
    assert done.exit_code == 0, done.output
    assert Path("again.png").read_bytes() == Path("made.png").read_bytes()


def test_nothing_is_overwritten_unasked_and_nothing_is_lost(call: Call, folder: Path) -> None:
    made(call, "generate", "a picture", "-q", "low", "-o", "made/")
    made(call, "db", "backup", "-o", "all.tar")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "darkroom.db").write_text("mine")
    refused = call("db", "restore", "all.tar", "--data-dir", "elsewhere")
    assert refused.exit_code == 1
    assert "exists already; --force" in refused.stderr
    assert (elsewhere / "darkroom.db").read_text() == "mine"
    assert call("db", "restore", "all.tar", "--data-dir", "elsewhere", "--force").exit_code == 0
    [aside] = elsewhere.glob("before-restore-*")
    assert (aside / "darkroom.db").read_text() == "mine"
    assert (elsewhere / "darkroom.db").read_bytes().startswith(b"SQLite format 3")


def test_a_running_server_is_not_restored_over(call: Call) -> None:
    made(call, "db", "backup", "-o", "all.tar")
    done = call("db", "restore", "all.tar", "--force")
    assert done.exit_code == 6
    assert "stop that server" in done.stderr


def flip(contents: dict[str, bytes]) -> None:
    name = next(name for name in contents if name.startswith("images/"))
    contents[name] = contents[name][:-1] + bytes([contents[name][-1] ^ 1])


def escape(contents: dict[str, bytes]) -> None:
    contents["images/../../outside"] = b"x"


def lose(contents: dict[str, bytes]) -> None:
    del contents[next(name for name in contents if name.startswith("images/"))]


def tear(contents: dict[str, bytes]) -> None:
    del contents["manifest.json"]


@pytest.mark.parametrize("edit", [flip, escape, lose, tear])
def test_a_damaged_archive_changes_nothing(call: Call, folder: Path, edit: Edit) -> None:
    made(call, "generate", "a picture", "-q", "low", "-o", "made/")
    made(call, "db", "backup", "-o", "all.tar")
    bad = rewritten(folder / "all.tar", edit)
    done = call("db", "restore", bad.name, "--data-dir", "new/data")
    assert done.exit_code == 1
    assert "is damaged" in done.stderr
    assert list((folder / "new" / "data").iterdir()) == []
    assert not list(folder.rglob("outside"))


def test_what_is_no_archive_is_refused(call: Call, folder: Path) -> None:
    (folder / "no.tar").write_bytes(b"no archive at all")
    done = call("db", "restore", "no.tar", "--data-dir", "new")
    assert done.exit_code == 1
    assert "is damaged" in done.stderr


def test_other_stores_are_told_of(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKROOM_DATABASE_URL", "postgresql://nowhere.example/darkroom")
    done = call("db", "backup", "-o", "images.tar")
    assert done.exit_code == 0, done.output
    assert "pg_dump" in done.stderr
    with tarfile.open("images.tar") as tar:
        assert "darkroom.db" not in tar.getnames()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_a_completion_script(call: Call, shell: str) -> None:
    done = call("completion", shell)
    assert done.exit_code == 0, done.output
    assert "_DARKROOM_COMPLETE" in done.stdout
    assert shell in done.stdout
