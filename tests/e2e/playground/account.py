"""What tests of the account's views do again and again: open a view, judge how it looks."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.conftest import Window, Windows
from tests.support.running import KEY

LOOKS: list[tuple[Any, str, int]] = [("light", "en-US", 1280), ("dark", "ko-KR", 390)]
"""Theme, language and width: each at both ends, in two runs."""


def visit(window: Window, view: str, key: str = KEY) -> Page:
    """The page, signed in, with that view: ``usage?days=7``."""
    page = window.open(key).page
    page.evaluate("view => { location.hash = `#/${view}`; }", view)
    page.locator("main.page").wait_for()
    return page


def visited(windows: Windows, view: str, key: str = KEY) -> Page:
    """The same in a new window."""
    return visit(windows.new(), view, key)


def inspected(windows: Windows, view: str, look: tuple[Any, str, int]) -> Page:
    """For :func:`flaws`: axe-core writes styles into the page, which the page's policy forbids."""
    scheme, locale, width = look
    context = windows.browser.new_context(
        bypass_csp=True,
        color_scheme=scheme,
        locale=locale,
        reduced_motion="reduce",
        viewport={"width": width, "height": 844},
    )
    windows.contexts.append(context)
    return visit(Window(context.new_page(), windows.origin), view)


def flaws(page: Page) -> list[str]:
    """What axe-core finds, its best practices included, and what sticks out of the window."""
    found = [
        f"{one['id']}: {one['nodes'][0]['html']}"
        for one in Axe().run(page, options={"preload": False}).response["violations"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return found if wide <= 0 else [*found, f"{wide} px too wide"]


def make_key(page: Page, name: str, **fields: str) -> str:
    """Fill the form in and send it; the secret."""
    page.click("[data-test=new-key]")
    page.fill("[data-test=key-name]", name)
    for field, value in fields.items():
        page.fill(f"[data-test={field}]", value)
    page.click("[data-test=save-key]")
    secret = page.locator("[data-test=secret]")
    secret.wait_for()
    return secret.inner_text()
