"""Every secret of an installation goes through the product once, and is found nowhere after it.

Answers may tell a secret where they make it or where its owner asks for it, and only there.
"""

import json
import re
import signal
import sqlite3
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from darkroom.settings import Settings
from tests.server.client import GENERATE, asking
from tests.support.process import Process, until

INIT = "canary-init-0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d"
UPSTREAM = "odd/canary-upstream-5d4c3b2a1f0e9d8c"
PASSWORD = "canary-password-77aa88bb99cc"
SCRAPER = "canary-scraper-11dd22ee33ff"
_RUN_S = 60


class _Echo(BaseHTTPRequestHandler):
    """A vendor that tells everybody what it was told: in errors, headers, and answers."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"] or 0))
        told = self.headers["authorization"]
        status = self.server.statuses.pop(0)  # type: ignore[attr-defined]
        error = {"message": f"Incorrect API key: {told}", "type": "x", "code": told}
        body = json.dumps({"error": error}).encode()
        self.send_response(status)
        for name in ("x-request-id", "www-authenticate", "retry-after", "location"):
            self.send_header(name, told)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@dataclass
class Heard:
    """All that was answered, and the secrets that were made meanwhile, by what they are."""

    answers: list[str] = field(default_factory=list[str])
    secrets: dict[str, str] = field(default_factory=dict[str, str])

    def hook(self, answer: httpx2.Response) -> None:
        answer.read()
        self.answers.append(f"{answer.request.url.path} {answer.headers} {answer.text}")

    def made(self, what: str, secret: str) -> str:
        self.secrets[what] = secret
        return secret

    def hits(self, text: str) -> list[str]:
        return [what for what, secret in self.secrets.items() if secret in text]


@pytest.fixture(scope="module")
def echo() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    server.statuses = [401, 400, 500, 302, 429, 403] * 20  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(30)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, echo: ThreadingHTTPServer
) -> Iterator[Process]:
    config = f"""
        [[deployments]]
        id = "echo"
        provider = "openai"
        base_url = "http://127.0.0.1:{echo.server_port}/v1"
        api_key = "{UPSTREAM}"

        [[deployments]]
        id = "drawing"
        provider = "sandbox"
    """
    environment = {
        "DARKROOM_INIT_KEY": INIT,
        "DARKROOM_LOG_FORMAT": "json",
        "DARKROOM_LOG_LEVEL": "debug",
        "DARKROOM_METRICS_TOKEN": SCRAPER,
        "DARKROOM_WEBHOOK_ALLOW_LOCAL": "true",
    }
    with Process(tmp_path_factory.mktemp("secrets"), config, **environment) as process:
        yield process.start()


@pytest.fixture(scope="module")
def heard(server: Process) -> Heard:
    """The whole scenario, once."""
    found = Heard()
    found.secrets |= {"init key": INIT, "upstream key": UPSTREAM, "metrics token": SCRAPER}
    with server.client(INIT) as http:
        _sign_in(http, found)
        http.event_hooks["response"].append(found.hook)
        _use(http, found)
        _fail(http)
    with closing(sqlite3.connect(server.data_dir / "darkroom.db")) as connection:
        own = dict(connection.execute("SELECT name, value FROM installation").fetchall())
    for name in ("link_key", "key_pepper"):
        found.made(name, own[name])
    return found


def _sign_in(http: httpx2.Client, found: Heard) -> None:
    """Make what is shown once."""
    made = http.post("/v1/keys", json={"name": "canary"}).json()
    found.made("API key", made["key"])
    hook = http.post("/v1/webhooks/endpoints", json={"url": "http://127.0.0.1:9/hook"}).json()
    found.made("webhook secret", hook["secret"])
    found.made("account's webhook secret", http.get("/v1/webhooks/secret").json()["secret"])
    token = http.post("/v1/sign-in-links", json={}).json()["url"].partition("#token=")[2]
    found.made("sign-in token", token)
    page = {"origin": str(http.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}
    with httpx2.Client(base_url=http.base_url, headers=page) as browser:
        answer = browser.post("/v1/session", json={"token": token})
        assert answer.status_code == 201, answer.text
        [session] = list(browser.cookies.values())
    found.made("session token", session)


def _use(http: httpx2.Client, found: Heard) -> None:
    """What works: images, links, pages, every list."""
    pinned = {"X-Darkroom-Route": "pinned=drawing"}
    made = http.post(GENERATE, json=asking(response_format="url"), headers=pinned).json()
    link = made["data"][0]["url"]
    with httpx2.Client() as anybody:
        assert anybody.get(link).status_code == 200
        anybody.get(link.replace("sig=", "sig=x"))
    as_key = {"authorization": f"Bearer {found.secrets['API key']}"}
    for path in ("/v1/balance", "/v1/session", "/v2/me", "/v1/credits", "/metrics", "/v1/keys"):
        http.get(path, headers=as_key)
    scraper = {"authorization": f"Bearer {SCRAPER}"}
    assert http.get("/metrics", headers=scraper).status_code == 200
    for path in ("/", "/llms-full.txt", "/openapi/darkroom.json", "/v1/webhooks/deliveries"):
        http.get(path)


def _fail(http: httpx2.Client) -> None:
    """What does not: refusals of the vendor, wrong keys, a configuration that is none."""
    pinned = {"X-Darkroom-Route": "pinned=echo"}
    for _ in range(6):
        answer = http.post(GENERATE, json=asking(), headers=pinned)
        assert answer.status_code >= 400
    http.post("/v1/responses", json={"input": "x", "tools": [{"type": "image_generation"}]})
    http.post("/v1/deployments/echo/check")
    for job in http.get("/v1/jobs").json()["data"]:
        http.get(f"/v1/jobs/{job['id']}")
    for path in ("/v1/deployments", "/v1/keys", "/v1/accounts", "/v1/usage", "/metrics"):
        http.get(path)
    http.get("/v1/jobs", headers={"x-api-key": f"{UPSTREAM}-wrong"})


def test_no_answer_tells_a_secret(heard: Heard) -> None:
    assert len(heard.answers) > 30
    assert [
        (answer[:300], found) for answer in heard.answers if (found := heard.hits(answer))
    ] == []


def test_a_handler_that_crashes_tells_none(server: Process, heard: Heard) -> None:
    database = server.data_dir / "darkroom.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("ALTER TABLE webhook_secrets RENAME TO put_aside")
    try:
        with server.client(INIT) as http:
            answer = http.get("/v1/webhooks/secret")
    finally:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("ALTER TABLE put_aside RENAME TO webhook_secrets")
    assert answer.status_code == 500
    assert heard.hits(f"{answer.text}{answer.headers}") == []
    until(lambda: "request_failed" in server.output, "the crash to be logged")
    assert heard.hits(server.output) == []


def test_a_configuration_that_is_refused_tells_none(server: Process, heard: Heard) -> None:
    config = server.folder / "darkroom.toml"
    before = config.read_text(encoding="utf-8")
    config.write_text(before.replace('"odd/', '"env:odd/') + "\nodd = [", encoding="utf-8")
    server.send(signal.SIGHUP)
    until(lambda: "configuration_refused" in server.output, "the configuration to be refused")
    config.write_text(before, encoding="utf-8")
    assert heard.hits(server.output) == []


def _command(server: Process, *words: str, **environment: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "darkroom", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=_RUN_S,
        env={**server.env(), **environment},
    )
    assert done.stdout + done.stderr
    return done.stdout + done.stderr


def test_no_command_tells_a_secret(server: Process, heard: Heard) -> None:
    url = f"postgresql://darkroom:{PASSWORD}@127.0.0.1:9/none"
    told = [
        _command(server, "doctor"),
        _command(server, "config", "show", "--json", DARKROOM_DATABASE_URL=url),
        _command(server, "serve", DARKROOM_DATABASE_URL=url),
    ]
    for text in told:
        assert heard.hits(text) == []
        assert PASSWORD not in text


def test_settings_and_what_is_made_of_them_do_not_show_secrets(
    tmp_path: Path, heard: Heard
) -> None:
    settings = Settings(
        data_dir=tmp_path,
        init_key=INIT,
        metrics_token=SCRAPER,
        database_url=f"postgresql://darkroom:{PASSWORD}@127.0.0.1/none",
        deployments=[{"id": "a", "provider": "openai", "api_key": UPSTREAM}],  # type: ignore[list-item]
    )
    shown = [repr(settings), str(settings), repr(settings.resolved_deployments())]
    shown += [repr(settings.deployments), repr(settings.resolved_metrics_token())]
    assert heard.hits("\n".join(shown)) == []
    assert PASSWORD not in "\n".join(shown)


def _tables_with(database: Path, holds: Callable[[str], bool]) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {
            match[1]
            for line in connection.iterdump()
            if holds(line) and (match := re.match(r'INSERT INTO "(\w+)"', line))
        }


def test_the_database_and_its_backup_hold_digests(server: Process, heard: Heard) -> None:
    """Webhooks and links have to be signed: what signs them is in one table each."""
    backup, opened = server.folder / "backup.tar", server.folder / "backup"
    _command(server, "db", "backup", "-o", str(backup))
    with tarfile.open(backup) as archive:
        archive.extractall(opened, filter="data")
    files = [path for path in opened.rglob("*") if path.is_file()]
    databases = [path for path in files if path.read_bytes()[:15] == b"SQLite format 3"]
    assert databases
    kept = {"link_key": {"installation"}, "key_pepper": {"installation"}}
    kept |= {f"{whose}webhook secret": {"webhook_secrets"} for whose in ("", "account's ")}
    for database in (server.data_dir / "darkroom.db", *databases):
        for what, secret in heard.secrets.items():
            found = _tables_with(database, lambda line, secret=secret: secret in line)
            assert found == kept.get(what, set()), what
