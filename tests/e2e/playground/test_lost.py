"""What goes wrong between the page and the server costs nothing and loses nothing."""

from playwright.sync_api import Route, expect

from tests.e2e.conftest import Window
from tests.e2e.playground.studio import (
    GENERATIONS,
    Held,
    jobs_about,
    made,
    stood,
    until,
)


def tokens(window: Window) -> list[str]:
    """The idempotency keys of what was sent, in order."""
    sent = [one for one in window.sent if one.url.endswith(GENERATIONS) and one.method == "POST"]
    return [one.all_headers()["idempotency-key"] for one in sent]


def test_cancel_ends_a_running_job(window: Window) -> None:
    window.open().quick()
    window.ask("a slow picture [[slow:60]]")
    window.page.click("[data-test=cancel]")
    done = stood(window, "a slow picture [[slow:60]]", "canceled")
    expect(window.page.locator("[data-test=trouble]")).to_have_attribute("data-kind", "canceled")
    assert done["charge"] is None


def test_cancel_before_the_server_has_answered_is_carried_out_when_it_has(window: Window) -> None:
    window.open().quick()
    held = Held(window, GENERATIONS)
    window.ask("canceled at once [[slow:60]]")
    window.page.click("[data-test=cancel]")
    expect(window.page.locator("[data-test=cancel]")).to_be_disabled()
    held.wait().continue_()
    done = stood(window, "canceled at once [[slow:60]]", "canceled")
    assert done["cancel_requested"] is True


def test_a_lost_answer_is_collected_and_not_bought_again(window: Window) -> None:
    window.may_fail = True
    window.open().quick()

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    window.page.route(f"**{GENERATIONS}", lose_the_answer, times=1)
    done = made(window, "an answer that was lost")
    (only,) = jobs_about(window, "an answer that was lost")
    assert only["id"] == done["id"]
    assert len(tokens(window)) == 1


def test_a_lost_request_is_sent_again_under_the_same_key(window: Window) -> None:
    window.may_fail = True
    window.open().quick()
    window.page.route(f"**{GENERATIONS}", lambda route: route.abort(), times=1)
    made(window, "a request that was lost")
    first, second = tokens(window)
    assert first == second
    assert len(jobs_about(window, "a request that was lost")) == 1


def test_without_a_server_the_card_says_so_and_trying_again_is_safe(window: Window) -> None:
    window.may_fail = True
    window.open().quick()
    window.page.evaluate("""() => {
      const real = globalThis.setTimeout; // the pauses between the tries are not what is tested
      globalThis.setTimeout = (run, ms, ...rest) => real(run, Math.min(ms, 20), ...rest);
    }""")
    window.page.route("**/v1/jobs?idempotency_key=*", lambda route: route.abort())
    window.page.route(f"**{GENERATIONS}", lambda route: route.abort())
    window.ask("a picture out of reach")
    card = window.page.locator("[data-test=trouble][data-kind=network]")
    expect(card).to_contain_text("Nothing was charged")
    window.page.unroute_all()
    before = tokens(window)
    card.locator("[data-test=again]").click()
    stood(window, "a picture out of reach")
    assert set(tokens(window)) == set(before)
    assert len(jobs_about(window, "a picture out of reach")) == 1


def test_a_running_job_is_picked_up_after_a_reload(window: Window) -> None:
    prompt = "a picture that takes its time [[slow:60]]"
    window.open().quick()
    window.ask(prompt)
    stood(window, prompt, "running")
    window.page.reload()
    stood(window, prompt, "running")
    expect(window.page.locator("#prompt")).to_have_value(prompt)
    window.page.click("[data-test=cancel]")
    stood(window, prompt, "canceled")


def test_what_was_sent_and_not_answered_is_found_after_a_reload(window: Window) -> None:
    window.may_fail = True
    window.open().quick()
    arrived: list[bool] = []

    def never_answer(route: Route) -> None:
        route.fetch()
        arrived.append(True)

    window.page.route(f"**{GENERATIONS}", never_answer, times=1)
    window.ask("sent just before the reload")
    until(window, lambda: bool(arrived))
    window.page.reload()
    stood(window, "sent just before the reload")
    assert len(jobs_about(window, "sent just before the reload")) == 1
    assert window.page.evaluate("sessionStorage.getItem('darkroom.sent')") == "[]"


def test_jobs_that_are_not_on_the_stage_are_followed_too(window: Window) -> None:
    window.open().quick()
    with window.page.expect_request("**/events"):  # it was on the stage in its turn
        window.ask("in the background [[slow:3]]")
    window.ask("on the stage [[slow:60]]")
    frame = window.page.locator("[data-test=frame][title^='in the background']")
    expect(frame).to_have_attribute("data-state", "succeeded")
    expect(frame.locator("img")).to_be_visible()
    window.page.click("[data-test=cancel]")
    stood(window, "on the stage [[slow:60]]", "canceled")


def test_a_line_that_cannot_be_opened_is_tried_again(window: Window) -> None:
    window.may_fail = True
    window.open().quick()
    tries: list[str] = []

    def refuse_twice(route: Route) -> None:
        tries.append(route.request.url)
        if len(tries) <= 2:
            route.fulfill(status=503, json={"error": {"message": "busy", "code": "overloaded"}})
        else:
            route.continue_()

    window.page.route("**/v1/jobs/*/events", refuse_twice)
    window.ask("a line with hiccups [[slow:60]]")
    until(window, lambda: len(tries) > 2)
    window.page.click("[data-test=cancel]")
    stood(window, "a line with hiccups [[slow:60]]", "canceled")
