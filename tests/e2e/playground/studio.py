"""What tests of the studio do again and again: fill the form, wait for a job, ask the server."""

import io
import json
from collections.abc import Callable
from typing import Any

from PIL import Image
from playwright.sync_api import Locator, Route, expect

from tests.e2e.conftest import WAIT_MS, Window
from tests.support.running import KEY

GENERATIONS, EDITS, QUOTE = "/v1/images/generations", "/v1/images/edits", "/v1/images/quote"
SMALL = {"model": "flux-2-klein-4b", "size": "256x256", "custom": "256x256"}


def wish(window: Window, **changes: Any) -> None:
    """Change the form as its controls do."""
    window.page.evaluate(
        """(changes) => import("/static/state/wishes.js").then(({ wish }) => wish(changes))""",
        changes,
    )


def made(window: Window, prompt: str, state: str = "succeeded") -> dict[str, Any]:
    """Send a prompt and wait for its job: the record, as the server has it."""
    window.ask(prompt)
    return stood(window, prompt, state)


def stood(window: Window, prompt: str, state: str = "succeeded") -> dict[str, Any]:
    """The job on the stage, once it is that prompt's and in that state."""
    view = window.page.locator(f"[data-test=view][data-state={state}]:not([data-job^=local])")
    expect(view.locator(".record-prompt > p")).to_have_text(prompt, use_inner_text=True)
    return job(window, view.get_attribute("data-job") or "")


def job(window: Window, job_id: str) -> dict[str, Any]:
    return ask(window, "GET", f"/v1/jobs/{job_id}")


def jobs_about(window: Window, prompt: str) -> list[dict[str, Any]]:
    """The server's jobs with this prompt."""
    found = ask(window, "GET", "/v1/jobs?limit=100")["data"]
    return [one for one in found if one["request"]["prompt"] == prompt]


def ask(window: Window, method: str, path: str, body: Any = None, key: str = KEY) -> Any:
    """The API itself, beside the page."""
    answer = window.page.request.fetch(
        f"{window.origin}{path}",
        method=method,
        headers={"authorization": f"Bearer {key}", "content-type": "application/json"},
        data=None if body is None else json.dumps(body),
    )
    assert answer.ok, answer.text()
    return answer.json()


def price(window: Window) -> Locator:
    """The price beside the button, once it is that of the form as it stands."""
    found = window.page.locator("[data-test=price][data-state=ready]")
    found.wait_for()
    return found


class Held:
    """Requests to a path wait until they are let go."""

    def __init__(self, window: Window, path: str, times: int = 1) -> None:
        self._window = window
        self._left = times
        self.routes: list[Route] = []
        window.page.route(f"**{path}", self._on)

    def _on(self, route: Route) -> None:
        if self._left:
            self._left -= 1
            self.routes.append(route)
        else:
            route.continue_()

    def wait(self) -> Route:
        """The first request, once it is here."""
        until(self._window, lambda: bool(self.routes))
        return self.routes[0]


def until(window: Window, holds: Callable[[], bool], limit_ms: int = WAIT_MS) -> None:
    """Wait for something that the page cannot show, while its events go on."""
    for _ in range(limit_ms // 20):
        if holds():
            return
        window.page.wait_for_timeout(20)  # lets Playwright hand out what has come
    raise AssertionError("that did not happen in time")


def png(side: int, colour: str = "teal") -> bytes:
    into = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(into, "png")
    return into.getvalue()


def drop(window: Window, name: str, data: bytes, kind: str = "image/png") -> None:
    """Drop a file somewhere on the page."""
    window.page.evaluate(
        """([name, bytes, type]) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], name, { type }));
          document.body.dispatchEvent(
            new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        [name, list(data), kind],
    )
