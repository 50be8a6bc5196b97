"""``darkroom serve``: what it prints, how it starts, how it fails, and how it ends."""

import json
import os
import signal
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.fakes.openai_faults import Fault
from tests.fakes.openai_vendor import OpenAIVendor
from tests.support.process import Process, deployment_table, jobs, until
from tests.support.running import KEY

ASKING = {"model": "gpt-image-1.5", "prompt": "a red bicycle", "quality": "low"}
GENERATE = "/v1/images/generations"


UNUSED = ("alembic", "mako", "mcp", "openai", "PIL", "pygments", "rich.console", "websockets")


def test_what_an_idle_server_does_not_need_is_not_loaded(tmp_path: Path) -> None:
    """Each of these is megabytes that a server would hold for as long as it runs."""
    with Process(tmp_path / "one", PYTHONPROFILEIMPORTTIME="1") as server:
        server.start()
        loaded = {line.rpartition("|")[2].strip() for line in server.output.splitlines()}
    assert {"uvicorn", "sqlalchemy"} <= loaded
    assert loaded.isdisjoint(UNUSED)


def test_a_first_start_and_a_second(tmp_path: Path, openai_vendor: OpenAIVendor) -> None:
    config = deployment_table(openai_vendor)
    with Process(tmp_path / "one", config, DARKROOM_INIT_KEY="") as server:
        server.start()
        told = server.output
        for line in (
            f"API          {server.url}/v1",
            f"Data         {server.data_dir}",
            "Deployments  openai (openai)",
            f"Health       {server.url}/healthz  {server.url}/readyz",
        ):
            assert line in told
        key = next(line for line in told.splitlines() if "API key" in line).split()[2]
        link = next(line for line in told.splitlines() if "Playground" in line).split()[1]
        assert link.startswith(f"{server.url}/#token=")
        assert key not in link
        token = {"token": link.partition("#token=")[2]}
        signed_in = httpx2.post(f"{server.url}/v1/session", json=token)
        assert (signed_in.status_code, signed_in.json()["role"]) == (201, "admin")
        assert httpx2.post(f"{server.url}/v1/session", json=token).status_code == 401
        with server.client(key) as http:
            assert http.get("/healthz").json() == {"status": "ok"}
            ready = http.get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (200, "ok")
            assert http.post(GENERATE, json=ASKING).status_code == 200
            assert http.get("/v1/keys").json()["data"][0]["hint"].endswith(key[-4:])
        beacon = server.data_dir / "server.json"
        said = json.loads(beacon.read_text(encoding="utf-8"))
        assert said["url"] == server.url
        assert stat.S_IMODE(beacon.stat().st_mode) == 0o600
        with server.client(said["key"]) as operator:
            assert operator.get("/v1/keys").status_code == 200
        assert server.stop() == 0
        assert not beacon.exists()
        assert "Traceback" not in server.output

        server.start()
        assert "API key" not in server.output
        assert f"Playground   {server.url}/#token=" in server.output
        assert link not in server.output
        with server.client(key) as http:
            assert [job["state"] for job in jobs(http)] == ["succeeded"]
            assert http.get("/v1/keys").json()["data"][0]["hint"].endswith(key[-4:])
        with server.client(said["key"]) as operator:  # of the former process
            assert operator.get("/v1/keys").status_code == 401
        for data in server.data_dir.glob("darkroom.db*"):
            assert key.encode() not in data.read_bytes()


def test_a_key_of_the_operators_choice_stays_revoked(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    with Process(tmp_path / "one", deployment_table(openai_vendor)) as server:
        server.start()
        assert KEY not in server.output
        with server.client() as http:
            [own] = http.get("/v1/keys").json()["data"]
            other = http.post("/v1/keys", json={"name": "other", "account": "default"}).json()
            http.delete(f"/v1/keys/{own['id']}")
            assert http.get("/v1/models").status_code == 401
        assert server.stop() == 0
        server.start()
        with server.client() as http:
            assert http.get("/v1/models").status_code == 401
        with server.client(other["key"]) as http:
            assert http.get("/v1/models").status_code == 200


def test_a_second_server_on_the_same_folder_says_so(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    config = deployment_table(openai_vendor)
    with Process(tmp_path / "one", config) as server, Process(tmp_path / "two", config) as other:
        server.start()
        other.launch("--data-dir", str(server.data_dir))
        assert other.wait() != 0
        assert "--data-dir" in only_line(other)
        with server.client() as http:
            assert http.get("/healthz").status_code == 200


def only_line(server: Process) -> str:
    [line] = server.output.splitlines()
    assert line.startswith("darkroom: ")
    return line


def failing(server: Process, *options: str) -> str:
    """The one line with which a server gives up."""
    with server:
        server.launch(*options)
        assert server.wait() == 1, server.output
    return only_line(server)


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = failing(Process(tmp_path / "one"), "--port", str(port))
    assert f"port {port} on 127.0.0.1 is in use" in line
    assert f"--port {port + 1}" in line


def test_a_data_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        assert str(tmp_path / "file") in failing(Process(tmp_path / "one"), "--data-dir", str(path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "sealed").mkdir(mode=0o500)
    path = tmp_path / "sealed" / "data"
    assert "cannot write" in failing(Process(tmp_path / "one"), "--data-dir", str(path))


BROKEN = [
    ("port = ", {}, "darkroom.toml: "),
    ('[[deployments]]\nid = "a"\nprovider = "nobody"', {}, "no provider 'nobody'"),
    (
        '[[deployments]]\nid = "a"\nprovider = "openai"\nmodels = ["gpt-image-99"]',
        {},
        "unknown model 'gpt-image-99'",
    ),
    (
        '[[deployments]]\nid = "a"\nprovider = "openai_compatible"\n'
        'options = { profile = "nobody" }',
        {},
        "deployment 'a': no profile 'nobody'; known: generic",
    ),
    (
        '[[deployments]]\nid = "a"\nprovider = "azure"',
        {},
        "deployment 'a': provider 'azure' needs a base_url",
    ),
    ('default_model = "gpt-image-99"', {}, "default_model 'gpt-image-99'"),
    ("", {"DARKROOM_HOST": "256.1.1.1"}, "cannot listen on 256.1.1.1"),
    ("", {"DARKROOM_STORAGE_URL": "gopher://x"}, "storage_url"),
    (
        "",
        {"DARKROOM_DATABASE_URL": "postgresql://x@127.0.0.1:9/x"},
        "the database cannot be opened",
    ),
]


@pytest.mark.parametrize(("config", "environment", "said"), BROKEN)
def test_a_configuration_that_cannot_work(
    tmp_path: Path, config: str, environment: dict[str, str], said: str
) -> None:
    assert said in failing(Process(tmp_path / "one", config, **environment))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_the_running_job_finish(
    tmp_path: Path, openai_vendor: OpenAIVendor, number: signal.Signals
) -> None:
    openai_vendor.next(Fault.HOLD, times=2)
    config = deployment_table(openai_vendor)
    with Process(tmp_path / "one", config) as server, ThreadPoolExecutor(1) as pool:
        server.start()
        with server.client() as waiting:
            answer = pool.submit(waiting.post, GENERATE, json=ASKING)
            # The caller of this one hangs up: only its job is left.
            body = json.dumps(ASKING)
            with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as one:
                one.sendall(
                    f"POST {GENERATE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
                )
                await openai_vendor.wait_received(2)
            server.send(number)
            with server.client() as asking:  # the doors are open, and nothing new comes in
                until(
                    lambda: asking.get("/readyz").json()["checks"]["draining"] != "ok",
                    "a server that stops",
                )
                assert asking.get("/readyz").status_code == 503
                refused = asking.post(GENERATE, json=ASKING)
            assert refused.status_code == 503
            assert refused.headers["retry-after"] == "5"
            assert refused.json()["error"]["code"] == "overloaded"
            assert not server.ended
            openai_vendor.release()
            assert answer.result(20).status_code == 200
        assert server.wait() == 0
        assert "Traceback" not in server.output
        assert not (server.data_dir / "server.json").exists()
        server.start()
        with server.client() as http:
            assert [job["state"] for job in jobs(http)] == ["succeeded"] * 2
    assert len(openai_vendor.received) == 2


async def test_a_job_that_does_not_finish_in_time_is_left_for_the_next_start(
    tmp_path: Path, openai_vendor: OpenAIVendor
) -> None:
    openai_vendor.next(Fault.HANG)
    config = deployment_table(openai_vendor, resend_unknown=True)
    with Process(tmp_path / "one", config, DARKROOM_DRAIN_S="0.2") as server:
        server.start()
        with ThreadPoolExecutor(1) as pool, server.client() as waiting:
            answer = pool.submit(waiting.post, GENERATE, json=ASKING)
            await openai_vendor.wait_received(1)
            assert server.stop() == 0
            assert answer.exception(10) is not None or answer.result().status_code >= 500
        server.start()
        with server.client() as http:
            until(lambda: jobs(http)[0]["state"] == "succeeded", "the job's end")
            [job] = jobs(http)
        assert [attempt["state"] for attempt in job["attempts"]] == ["sent_unknown", "succeeded"]
