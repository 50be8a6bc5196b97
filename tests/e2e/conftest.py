"""A real server in a process of its own and a real browser, for tests that see what a user sees."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Request,
    expect,
    sync_playwright,
)

from tests.support.running import KEY

CHROMIUM = Path(os.environ.get("DARKROOM_TEST_CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS = 30_000
"""For a slow machine with much to do: what holds is seen at once all the same."""
expect.set_options(timeout=WAIT_MS)


@dataclass
class Window:
    """A page that remembers everything it should not have done."""

    page: Page
    origin: str
    may_fail: bool = False
    """Answers with an error status are expected: the browser writes them to its console."""
    complaints: list[str] = field(default_factory=list[str])
    sent: list[Request] = field(default_factory=list[Request])

    def __post_init__(self) -> None:
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("console", lambda message: self._heard(message.type, message.text))
        self.page.on("request", self._requested)

    def _heard(self, kind: str, text: str) -> None:
        if kind not in ("error", "warning"):
            return
        if self.may_fail and text.startswith("Failed to load resource"):
            return
        self.complaints.append(f"console {kind}: {text}")  # a policy violation is one, too

    def _requested(self, request: Request) -> None:
        self.sent.append(request)
        parts = urlsplit(request.url)
        if (
            parts.scheme not in ("blob", "data")
            and f"{parts.scheme}://{parts.netloc}" != self.origin
        ):
            self.complaints.append(f"request to {request.url}")

    def open(self, key: str = KEY) -> Self:
        """The playground, signed in and ready."""
        self.page.goto(f"{self.origin}/#key={key}")
        self.page.locator("#model option").first.wait_for(state="attached")
        return self

    def quick(self) -> Self:
        """Small pictures, drawn quickly, for tests that look at something else."""
        self.page.evaluate(
            """() => import("/static/state/wishes.js").then(({ wish }) =>
              wish({ model: "flux-2-klein-4b", size: "256x256", custom: "256x256" }))"""
        )
        return self

    def ask(self, prompt: str) -> None:
        self.page.fill("#prompt", prompt)
        self.page.press("#prompt", "Control+Enter")

    def view(self, state: str) -> Any:
        """The stage, once its job is in that state."""
        view = self.page.locator(f"[data-test=view][data-state={state}]")
        view.wait_for()
        return view

    def posts(self, path: str) -> list[Any]:
        """The JSON bodies posted to a path, in order."""
        return [
            request.post_data_json
            for request in self.sent
            if request.method == "POST" and urlsplit(request.url).path == path
        ]


@dataclass
class Windows:
    """Opens pages; at the end of a test none of them may have complaints."""

    browser: Browser
    origin: str
    contexts: list[BrowserContext] = field(default_factory=list[BrowserContext])
    opened: list[Window] = field(default_factory=list[Window])

    def new(
        self,
        *,
        origin: str = "",
        width: int = 1280,
        height: int = 860,
        locale: str = "en-US",
        scheme: Any = "light",
    ) -> Window:
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        self.contexts.append(context)
        window = Window(context.new_page(), origin or self.origin)
        self.opened.append(window)
        return window


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The origin of a server with the sandbox, started as a user starts it."""
    folder = tmp_path_factory.mktemp("server")
    environment = {name: value for name, value in os.environ.items() if "API_KEY" not in name}
    environment |= {"DARKROOM_INIT_KEY": KEY, "DARKROOM_CONFIG": "", "XDG_CONFIG_HOME": str(folder)}
    command = [sys.executable, "-m", "darkroom", "serve", "--port", "0", "--data-dir", str(folder)]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(  # noqa: S603
            command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        ) as server,
    ):
        try:
            assert server.stdout is not None
            lines = iter(server.stdout.readline, "")
            found = next((line.split()[1] for line in lines if "Playground" in line), "")
            assert found, (folder / "log").read_text()
            yield found.partition("/#")[0]
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, from ``DARKROOM_TEST_CHROMIUM`` or where Debian puts it."""
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip(f"no browser at {CHROMIUM}; set DARKROOM_TEST_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def windows(browser: Browser, playground: str) -> Iterator[Windows]:
    opened = Windows(browser, playground)
    yield opened
    for context in opened.contexts:
        context.close()
    complaints = [complaint for window in opened.opened for complaint in window.complaints]
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def window(windows: Windows) -> Window:
    """One desktop window, not opened yet."""
    return windows.new()
