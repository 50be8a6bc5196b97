"""``darkroom batch`` under ``kill -9``, Ctrl-C and server restarts: every row is paid for once."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from darkroom.report.runs import MANIFEST, Run, read_runs
from tests.fakes.openai_vendor import OpenAIVendor
from tests.support.process import Process, all_ended, deployment_table, jobs, until
from tests.support.running import KEY

ROWS = 12
SEED = 20_261_121
INTERRUPTED = 130


def write_rows(folder: Path) -> list[str]:
    prompts = [f"lighthouse {number}" for number in range(1, ROWS + 1)]
    (folder / "rows.txt").write_text("\n".join(prompts), encoding="utf-8")
    return prompts


@contextmanager
def batch(folder: Path, server: Process, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command in a process of its own."""
    environment = {
        **{name: value for name, value in os.environ.items() if "DARKROOM" not in name},
        "DARKROOM_BASE_URL": server.url,
        "DARKROOM_API_KEY": KEY,
    }
    words = ("batch", "rows.txt", "-o", "out", "-s", "1024x1024", "-q", "low")
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "darkroom", *words, "-m", "gpt-image-1.5", *options],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def lines(folder: Path) -> int:
    path = folder / "out" / MANIFEST
    return path.read_bytes().count(b"\n") if path.exists() else 0


def check(folder: Path, server: Process, vendor: OpenAIVendor, prompts: list[str]) -> None:
    """The server's jobs, the vendor's books and the manifest agree: each row once."""
    with server.client() as http:
        found = jobs(http)
        usage = http.get("/v1/usage").json()
    assert Counter(job["request"]["prompt"] for job in found) == Counter(prompts)
    assert Counter(one.params["prompt"] for one in vendor.received) == Counter(prompts)
    runs: tuple[Run, ...] = read_runs(folder / "out")
    assert [(run.prompt, run.state) for run in runs] == [(one, "succeeded") for one in prompts]
    assert {run.job_id for run in runs} == {job["id"] for job in found}
    assert usage["total"]["nanos"] == sum(run.charged_nanos for run in runs) > 0
    for run in runs:
        [file] = run.files
        assert (folder / "out" / file.path).stat().st_size == file.byte_size


def test_a_client_killed_at_random_moments_pays_once(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    chance = random.Random(SEED)
    prompts = write_rows(tmp_path)
    with Process(tmp_path / "server", deployment_table(openai_vendor)) as server:
        server.start()
        openai_vendor.always(delay_s=0.05)
        kills = 0
        while lines(tmp_path) < 2 * ROWS and kills < 6:
            before = lines(tmp_path)
            bought = len(openai_vendor.received)
            with batch(tmp_path, server) as process:
                # Between the manifest's lines, or between the server's answers.
                count, start = chance.choice(
                    [
                        (lambda: lines(tmp_path), before),
                        (lambda: len(openai_vendor.received), bought),
                    ]
                )
                moment = start + chance.randint(1, 4)
                until(
                    lambda p=process, c=count, m=moment: c() >= m or p.poll() is not None,
                    f"the moment of kill {kills}",
                )
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                    kills += 1
        assert kills >= 3
        with batch(tmp_path, server) as process:
            _, said = process.communicate(timeout=60)
            assert process.returncode == 0, said.decode()
        check(tmp_path, server, openai_vendor, prompts)


def test_a_server_that_was_started_anew_is_gone_on_with(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    prompts = write_rows(tmp_path)
    with Process(tmp_path / "server", deployment_table(openai_vendor)) as server:
        server.start()
        with batch(tmp_path, server, "--concurrency", "2") as process:
            until(lambda: len(openai_vendor.received) >= 3, "some rows")
            server.stop()
            _, said = process.communicate(timeout=60)
        assert process.returncode in (6, 7), said.decode()
        server.start()
        with batch(tmp_path, server) as process:
            _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()
        check(tmp_path, server, openai_vendor, prompts)


def test_ctrl_c_once_waits_and_twice_leaves(tmp_path: Path, openai_vendor: OpenAIVendor) -> None:
    prompts = write_rows(tmp_path)
    with Process(tmp_path / "server", deployment_table(openai_vendor)) as server:
        server.start()
        openai_vendor.always(delay_s=0.5)
        with batch(tmp_path, server, "--concurrency", "2") as process:
            until(lambda: len(openai_vendor.received) >= 2, "two rows")
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        assert (process.returncode, b"Ctrl-C again leaves them" in said) == (INTERRUPTED, True)
        states = [run.state for run in read_runs(tmp_path / "out")]
        assert set(states) == {"succeeded"}
        assert 2 <= len(states) < ROWS

        openai_vendor.always(delay_s=2)
        with batch(tmp_path, server, "--concurrency", "2") as process:
            before = len(openai_vendor.received)
            until(lambda: len(openai_vendor.received) >= before + 2, "two more rows")
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            for line in process.stderr:
                if b"Ctrl-C again" in line:
                    break
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == INTERRUPTED
        assert "running" in {run.state for run in read_runs(tmp_path / "out")}
        openai_vendor.always()
        with server.client() as http:
            until(lambda: all_ended(http), "the end of what was left")
        with batch(tmp_path, server) as process:
            _, said = process.communicate(timeout=60)
            assert process.returncode == 0, said.decode()
        check(tmp_path, server, openai_vendor, prompts)
