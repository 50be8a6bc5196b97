"""``darkroom db check`` and ``db sweep``: what is stored is whole, and what is spent goes."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call
from tests.cli.serving import ServerProcess
from tests.fakes.openai_vendor import OpenAIVendor


def checked(call: Call, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and what was said of each area."""
    done = call("db", "check", "--json", *words)
    said = json.loads(done.stdout)
    assert said["ok"] is (done.exit_code == 0)
    return done.exit_code, {one["area"]: one for one in said["checks"]}


@pytest.fixture
def elsewhere(call: Call, folder: Path, vendor: OpenAIVendor) -> Path:
    """A data folder without a server that holds what a running one held."""
    for words in (
        ("generate", "a picture to keep", "-q", "low", "-o", "made/"),
        ("db", "backup", "-o", "all.tar"),
        ("db", "restore", "all.tar", "--data-dir", "elsewhere"),
    ):
        done = call(*words)
        assert done.exit_code == 0, done.output
    return folder / "elsewhere"


def an_image(data_dir: Path) -> Path:
    with closing(sqlite3.connect(data_dir / "darkroom.db")) as database:
        query = "SELECT sha256 FROM assets WHERE kind = 'result' LIMIT 1"
        [(sha256,)] = database.execute(query).fetchall()
    return data_dir / "images" / sha256[:2] / sha256


def test_a_server_at_work_is_checked_and_swept_dry(call: Call, server: ServerProcess) -> None:
    code, areas = checked(call, "--deep")
    assert (code, list(areas)) == (0, ["database", "schema", "ledger", "store", "images"])
    done = call("db", "sweep", "--dry-run", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["dry_run"] is True
    kinds = {one["kind"] for one in said["kinds"]}
    assert {"expired", "idempotency", "sessions", "deliveries", "strays", "blobs"} <= kinds
    assert "KIND" in call("db", "sweep", "--dry-run").stdout
    assert call("db", "sweep").exit_code == 6  # its server sweeps by itself


def test_a_restored_backup_is_whole(call: Call, elsewhere: Path) -> None:
    code, _ = checked(call, "--data-dir", "elsewhere", "--deep")
    assert code == 0
    stray = elsewhere / "images" / "00" / ("0" * 64)  # as a refused request leaves it
    stray.parent.mkdir(exist_ok=True)
    stray.touch()
    os.utime(stray, (1, 1))
    plain = call("db", "check", "--data-dir", "elsewhere")
    assert plain.exit_code == 0, plain.output
    assert "✓ ledger: every rule holds" in plain.stdout
    assert "a sweep will remove 1 strays" in plain.stdout


def test_a_database_beside_the_store_of_another_is_told(
    call: Call, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody's images go for a slip in ``database_url``."""
    image = an_image(elsewhere)
    os.utime(image, (1, 1))
    monkeypatch.setenv("DARKROOM_DATABASE_URL", f"sqlite:///{elsewhere / 'wrong.db'}")
    swept = call("db", "sweep", "--data-dir", "elsewhere")
    assert swept.exit_code == 0, swept.output
    code, areas = checked(call, "--data-dir", "elsewhere")
    assert (code, image.exists()) == (1, True)
    [fault] = areas["store"]["faults"]
    assert fault.startswith("the store belongs to the installation ")
    assert "no sweep removes" in areas["images"]["what"]
    told = call("doctor", "--data-dir", "elsewhere")
    assert told.exit_code == 1
    assert "✗ store: the store belongs to the installation " in told.stdout
    assert "Check database_url and storage_url" in told.stdout


def test_what_is_lost_or_wrong_is_named(call: Call, elsewhere: Path) -> None:
    image = an_image(elsewhere)
    image.write_bytes(b"\0" * image.stat().st_size)
    assert checked(call, "--data-dir", "elsewhere")[0] == 0  # its size is right
    code, areas = checked(call, "--data-dir", "elsewhere", "--deep")
    assert code == 1
    assert areas["images"]["faults"] == [f"{image.name}: its bytes are not what they were"]
    image.unlink()
    poor = call("db", "backup", "-o", "poor.tar", "--data-dir", "elsewhere")
    assert (poor.exit_code, "1 images that the database names" in poor.stderr) == (0, True)
    done = call("db", "check", "--data-dir", "elsewhere")
    assert done.exit_code == 1
    assert f"✗ images: {image.name}: a row names it, and it is not stored" in done.stdout


def test_wrong_books_and_broken_files_are_told(call: Call, elsewhere: Path) -> None:
    path = elsewhere / "darkroom.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE ledger_accounts SET posted_nanos = posted_nanos + 1")
        database.commit()
    code, areas = checked(call, "--data-dir", "elsewhere")
    assert code == 1
    assert "its entries sum to" in areas["ledger"]["faults"][0]
    path.write_bytes(b"no database at all")
    code, areas = checked(call, "--data-dir", "elsewhere")
    assert (code, list(areas)) == (1, ["database"])
    assert call("db", "check", "--data-dir", "nowhere").exit_code == 1


def test_a_sweep_removes_what_has_ended(call: Call, elsewhere: Path) -> None:
    with closing(sqlite3.connect(elsewhere / "darkroom.db")) as database:
        row = "INSERT INTO idempotency VALUES ('key', 'old', 'print', 'job', 1)"
        database.execute(row)
        database.commit()
    done = call("db", "sweep", "--data-dir", "elsewhere", "--json")
    assert done.exit_code == 0, done.output
    removed = {one["kind"]: one["count"] for one in json.loads(done.stdout)["kinds"]}
    assert removed["idempotency"] == 1
    again = call("db", "sweep", "--data-dir", "elsewhere", "--dry-run", "--json")
    assert {one["count"] for one in json.loads(again.stdout)["kinds"]} == {0}


def test_the_statement_of_drift_is_printed(call: Call) -> None:
    assert call("generate", "a cat", "-q", "low", "-o", "made/").exit_code == 0
    done = call("credits", "drift", "--invoice", "fake=12.34")
    assert done.exit_code == 0, done.output
    head, row = done.stdout.splitlines()[:2]
    assert head.split()[:4] == ["DEPLOYMENT", "MODEL", "JOBS", "EXPECTED"]
    assert row.split()[0] == "fake"
    assert "$12.34" in row
    told = json.loads(call("credits", "drift", "--json").stdout)
    assert told["data"][0]["invoiced"] is None
    assert call("credits", "drift", "--invoice", "12.34").exit_code == 2


def test_what_is_stored_is_printed(call: Call) -> None:
    assert call("generate", "a cat", "-q", "low", "-o", "made/").exit_code == 0
    told = json.loads(call("keys", "storage", "--json").stdout)
    assert told["used_bytes"] >= told["kinds"]["result"]["bytes"] > 0
    shown = call("keys", "storage")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith(f"account '{told['account']}': ")
    assert call("keys", "storage", "--account", "nobody").exit_code == 1
