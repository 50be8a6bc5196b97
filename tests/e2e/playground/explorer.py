"""What tests of the grid explorer do again and again: choose the axes, run the sheet."""

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Window
from tests.e2e.playground.account import visit

QUICK = "flux-2-klein-4b"


def explorer(
    window: Window, prompts: str, *, models: tuple[str, ...] = (QUICK,), sizes: str = "256x256"
) -> Page:
    """The view with these axes: small sizes of a quick model, each once."""
    page = visit(window, "explore")
    page.evaluate(
        """([prompts, models, sizes]) => import("/static/explore/state.js").then(({ change }) =>
          change({ prompts, models, sizes: sizes.split(" "), qualities: ["low"] }))""",
        [prompts, list(models), sizes],
    )
    return page


def cells(page: Page, state: str) -> Locator:
    return page.locator(f"[data-test=cell][data-state={state}]")


def priced(page: Page) -> Locator:
    """The price of what is to come, once it is that of the sheet as it stands."""
    total = page.locator("[data-test=total][data-state=ready]")
    expect(page.locator("[data-test=quote]", has_text="…")).to_have_count(0)
    total.wait_for()
    return total


def run(page: Page, rest: str = "done") -> None:
    """Start, and wait until the sheet rests for that reason."""
    priced(page)
    page.click("[data-test=start]")
    rested(page, rest)


def rested(page: Page, rest: str = "done") -> None:
    page.locator(f"[data-test=said][data-rest={rest}]").wait_for(state="attached")
