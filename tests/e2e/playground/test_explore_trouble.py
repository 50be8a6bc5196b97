"""The grid explorer in trouble: the cap, a busy server, lost answers, refusals, no money."""

from typing import Any

from playwright.sync_api import Route, expect

from tests.e2e.conftest import Window
from tests.e2e.playground.explorer import cells, explorer, priced, rested, run
from tests.e2e.playground.studio import GENERATIONS, ask, jobs_about, until


def tokens(window: Window) -> list[str]:
    """The idempotency keys of what was sent, in order."""
    return [
        request.headers["idempotency-key"]
        for request in window.sent
        if request.method == "POST" and request.url.endswith(GENERATIONS)
    ]


def refusal(code: str, status: int = 429, retry_after: str = "") -> dict[str, Any]:
    return {
        "status": status,
        "headers": {"Retry-After": retry_after} if retry_after else {},
        "json": {"error": {"code": code, "message": "No."}},
    }


def test_the_cap_is_never_passed(window: Window) -> None:
    page = explorer(window, "one\ntwo\nthree")
    one = ask(
        window,
        "POST",
        "/v1/images/quote",
        {"model": "flux-2-klein-4b", "prompt": "one", "size": "256x256"},
    )
    nanos = one["max"]["nanos"]
    page.fill("[data-test=cap]", f"{(2 * nanos + 1) / 1e9:.9f}")
    run(page, "cap")
    expect(cells(page, "succeeded")).to_have_count(2)
    assert len(tokens(window)) == 2
    page.fill("[data-test=cap]", "1")
    run(page)
    expect(cells(page, "succeeded")).to_have_count(3)


def test_a_busy_server_is_waited_for(window: Window) -> None:
    window.may_fail = True
    page = explorer(window, "patience")
    busy = refusal("rate_limit_exceeded", retry_after="1")
    page.route(f"**{GENERATIONS}", lambda route: route.fulfill(**busy), times=1)
    priced(page)
    page.click("[data-test=start]")
    expect(page.locator("[data-test=said]")).to_contain_text("The server is busy")
    rested(page)
    expect(cells(page, "succeeded")).to_have_count(1)
    assert len(set(tokens(window))) == 1
    assert len(tokens(window)) == 2


def test_a_lost_answer_is_not_paid_for_twice(window: Window) -> None:
    window.may_fail = True
    page = explorer(window, "sent but never heard of")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(f"**{GENERATIONS}", lose)
    run(page)
    expect(cells(page, "succeeded")).to_have_count(1)
    assert len(jobs_about(window, "sent but never heard of")) == 1


def test_what_was_left_unanswered_is_found_after_a_reload(window: Window) -> None:
    page = explorer(window, "left in the middle")
    priced(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        route.fetch()
        held.append(route)

    page.route(f"**{GENERATIONS}", hold)
    page.click("[data-test=start]")
    until(window, lambda: bool(held))
    page.reload()
    expect(cells(page, "succeeded")).to_have_count(1)
    assert len(jobs_about(window, "left in the middle")) == 1


def test_what_failed_is_tried_again_under_another_key(window: Window) -> None:
    page = explorer(window, "fine\nforbidden [[refuse]]")
    run(page)
    failed = cells(page, "failed")
    expect(failed).to_contain_text("Refused")
    failed.click()
    expect(page.locator(".cell-sheet .boxed")).to_be_visible()
    page.keyboard.press("Escape")
    before = tokens(window)
    page.click("[data-test=retry-failed]")
    until(window, lambda: len(tokens(window)) == 3)
    rested(page)
    assert tokens(window)[2] not in before
    assert window.posts(GENERATIONS)[2]["prompt"] == "forbidden [[refuse]]"
    expect(cells(page, "succeeded")).to_have_count(1)


def test_no_money_holds_the_run(window: Window) -> None:
    window.may_fail = True
    page = explorer(window, "dear\ndearer")
    page.select_option("[data-test=lanes]", "1")
    page.route(f"**{GENERATIONS}", lambda route: route.fulfill(**refusal("insufficient_quota")))
    run(page, "money")
    expect(cells(page, "waiting")).to_have_count(2)
    assert len(tokens(window)) == 1


def test_pause_and_cancel_all(window: Window) -> None:
    page = explorer(window, "first [[slow:60]]\nsecond [[slow:60]]\nthird")
    page.select_option("[data-test=lanes]", "2")
    priced(page)
    page.click("[data-test=start]")
    expect(cells(page, "running")).to_have_count(2)
    page.click("[data-test=pause]")
    expect(page.locator("[data-test=start]")).to_be_enabled()
    page.click("[data-test=cancel-all]")
    expect(cells(page, "canceled")).to_have_count(2)
    expect(cells(page, "waiting")).to_have_count(1)
    assert len(tokens(window)) == 2
