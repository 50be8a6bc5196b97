"""A backup of a server at work, put back elsewhere: all is whole, and its jobs go on."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner

from darkroom.cli import main
from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client
from tests.support.postgres import temporary_database
from tests.support.running import Running, deployment


def run(*words: str) -> None:
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output


@pytest.fixture(params=["sqlite", "postgres"])
def databases(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """The URLs of the old and the new database; empty for one in the data folder."""
    if request.param == "sqlite":
        yield "", ""
        return
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not installed")
    with temporary_database() as old, temporary_database() as new:
        yield old, new


def copied(old: str, new: str, dump: Path) -> None:
    """As ``docs/guides/retention.md`` says."""
    for command in (
        ["pg_dump", "--format=custom", f"--file={dump}", f"--dbname={old}"],
        ["pg_restore", "--no-owner", "--exit-on-error", f"--dbname={new}", str(dump)],
    ):
        subprocess.run(command, check=True, timeout=120)  # noqa: S603


def ended(http: httpx2.Client, job_id: str) -> str:
    """The state of a job at its end, or after a minute."""
    state = ""
    for _ in range(4):
        job = http.get(f"/v1/jobs/{job_id}", headers={"prefer": "wait=15"}).json()
        state = job["state"]
        if job["finished_at"]:
            break
    return state


def test_what_was_backed_up_at_work_goes_on_elsewhere(
    databases: tuple[str, str],
    tmp_path: Path,
    openai_vendor: OpenAIVendor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old, new = databases
    options = {"deployments": [deployment(openai_vendor)], "jobs_running_max": 1}
    archive, restored = str(tmp_path / "all.tar"), tmp_path / "new"
    later = {"prefer": "respond-async"}
    with (
        Running(tmp_path / "old", database_url=old, **options) as server,
        client(server) as http,
    ):
        made = http.post(GENERATE, json=asking("made before"))
        assert made.status_code == 200, made.text
        openai_vendor.next(Fault.HOLD)
        for prompt in ("runs", "waits"):
            http.post(GENERATE, json=asking(prompt), headers=later)
        waiting = http.get("/v1/jobs", params={"state": "queued"}).json()["data"]
        monkeypatch.setenv("DARKROOM_DATABASE_URL", old)
        if old:
            copied(old, new, tmp_path / "darkroom.dump")
        run("db", "backup", "-o", archive, "--data-dir", str(tmp_path / "old"))
        for job in http.get("/v1/jobs").json()["data"]:
            http.post(f"/v1/jobs/{job['id']}/cancel")
    openai_vendor.reset()
    monkeypatch.setenv("DARKROOM_DATABASE_URL", new)
    run("db", "restore", archive, "--data-dir", str(restored))
    run("db", "check", "--deep", "--data-dir", str(restored))
    with (
        Running(restored, database_url=new, **options) as server,
        client(server) as http,
    ):
        assert waiting
        for job in waiting:
            assert ended(http, job["id"]) == "succeeded"
        [first] = http.get("/v1/jobs", params={"q": "made before"}).json()["data"]
        assert http.get(first["assets"][0]["url"]).status_code == 200
    run("db", "check", "--deep", "--data-dir", str(restored))
