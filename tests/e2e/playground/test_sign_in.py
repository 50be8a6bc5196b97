"""Signing in and out: by a link that works once, by a key, and what the page keeps of either."""

from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Window, Windows
from tests.e2e.playground.account import flaws
from tests.support.running import KEY

GATE = ".gate-card"
MODELS = "#model option"


def link(origin: str, key: str = KEY) -> str:
    headers = {"authorization": f"Bearer {key}"}
    answer = httpx2.post(f"{origin}/v1/sign-in-links", json={}, headers=headers)
    assert answer.status_code == 201, answer.text
    url = answer.json()["url"]
    assert url.startswith(f"{origin}/#token=")
    return url


def another_key(origin: str, name: str) -> tuple[str, str]:
    """The id of a key that is no admin's, and the key."""
    headers = {"authorization": f"Bearer {KEY}"}
    made = httpx2.post(f"{origin}/v1/keys", json={"name": name}, headers=headers).json()
    return made["id"], made["key"]


def signed_in(page: Page) -> None:
    page.locator(MODELS).first.wait_for(state="attached")


def kept(page: Page) -> str:
    """All that scripts of the page can read of it."""
    return page.evaluate(
        "JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}, location.href])"
    )


def test_a_link_signs_in_once_and_the_page_holds_no_secret(windows: Windows) -> None:
    first = windows.new()
    url = link(first.origin)
    first.page.goto(url)
    signed_in(first.page)
    token = urlsplit(url).fragment.removeprefix("token=")
    assert token not in kept(first.page)
    assert urlsplit(first.page.url).fragment == ""
    [cookie] = [dict(one) for one in first.page.context.cookies()]
    assert str(cookie["name"]).startswith("darkroom_session")
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Strict", False)
    assert all("authorization" not in request.headers for request in first.sent)
    first.page.reload()  # and the tab beside it: still signed in
    signed_in(first.page)
    beside = first.page.context.new_page()
    beside.goto(first.origin)
    signed_in(beside)

    second = windows.new()
    second.may_fail = True
    second.page.goto(url)
    expect(second.page.locator(GATE).get_by_role("alert")).to_contain_text("used before")
    expect(second.page.locator(MODELS)).to_have_count(0)


def test_a_key_is_exchanged_and_forgotten(windows: Windows) -> None:
    window = windows.new()
    window.may_fail = True
    page = window.page
    page.goto(window.origin)
    expect(page.locator(GATE)).to_be_visible()
    assert all(urlsplit(request.url).path != "/v1/session" for request in window.sent)
    page.fill(f"{GATE} input", "dk_wrong")
    page.press(f"{GATE} input", "Enter")
    expect(page.locator(GATE).get_by_role("alert")).to_contain_text("does not know this key")
    page.fill(f"{GATE} input", KEY)
    page.press(f"{GATE} input", "Enter")
    signed_in(page)
    assert KEY not in kept(page)


def test_signing_out_here_ends_it_everywhere(windows: Windows) -> None:
    window = windows.new().open()
    window.may_fail = True
    page = window.page
    beside = page.context.new_page()
    beside.goto(window.origin)
    signed_in(beside)
    with page.expect_response("**/v1/session") as answer:
        page.click("[data-test=sign-out]")
    assert answer.value.status == 200
    expect(page.locator(GATE)).to_be_visible()
    expect(page.locator("nav.views")).to_have_count(0)
    page.reload()
    expect(page.locator(GATE)).to_be_visible()
    beside.reload()
    expect(beside.locator(GATE)).to_be_visible()


def test_a_session_that_ended_asks_to_sign_in_again(windows: Windows) -> None:
    window = windows.new()
    window.may_fail = True
    key_id, key = another_key(window.origin, "to be revoked")
    window.open(key)
    headers = {"authorization": f"Bearer {KEY}"}
    httpx2.delete(f"{window.origin}/v1/keys/{key_id}", headers=headers)
    window.page.evaluate("location.hash = '#/usage'")
    expect(window.page.locator(GATE).get_by_role("alert")).to_contain_text("session has ended")


def test_who_is_signed_in_is_said(windows: Windows) -> None:
    window = windows.new()
    _, key = another_key(window.origin, "the workshop")
    window.open(key)
    button = window.page.get_by_role("button", name="Sign out (the workshop)")
    expect(button).to_be_visible()
    role = window.page.evaluate(
        "() => import('/static/state/session.js').then((s) => [s.isAdmin.value, s.signedIn.value])"
    )
    assert role == [False, True]


@pytest.mark.parametrize(
    ("locale", "scheme", "width"), [("en-US", "light", 1280), ("ko-KR", "dark", 390)]
)
def test_the_gate_has_no_flaws(windows: Windows, locale: str, scheme: Any, width: int) -> None:
    context = windows.browser.new_context(
        bypass_csp=True,
        color_scheme=scheme,
        locale=locale,
        reduced_motion="reduce",
        viewport={"width": width, "height": 844},
    )
    windows.contexts.append(context)
    page = Window(context.new_page(), windows.origin, may_fail=True).page
    page.goto(f"{windows.origin}/#token=used")
    expect(page.locator(GATE).get_by_role("alert")).to_be_visible()
    assert flaws(page) == []
