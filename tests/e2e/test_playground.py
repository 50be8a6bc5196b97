"""The playground as its users meet it: in a browser, on a real server with the sandbox."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from darkroom.server import playground as package
from tests.e2e.conftest import Window, Windows
from tests.support.running import KEY, Running

STATIC = Path(package.__file__).parent / "static"
GENERATIONS, EDITS = "/v1/images/generations", "/v1/images/edits"


# --- the files -----------------------------------------------------------------------------------


def test_a_first_visit_is_small(window: Window) -> None:
    """All that is loaded until the page can be used, as it travels."""
    window.open()
    loaded = window.page.evaluate(
        """["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
          .filter((one) => !one.name.includes("/v1/"))
          .map((one) => [one.name, one.encodedBodySize])"""
    )
    assert len(loaded) > 20
    assert sum(size for _, size in loaded) < 60_000


def test_every_module_is_fetched_at_once(window: Window) -> None:
    """index.html names the modules below app.js, so that none waits for another."""
    named = re.findall(r'rel="modulepreload" href="([^"]+)"', (STATIC / "index.html").read_text())
    window.open()
    used = [urlsplit(request.url).path for request in window.sent]
    modules = [path for path in used if path.count("/") == 3 and path.endswith(".js")]
    assert sorted([*named, "/static/words/en.js"]) == sorted(modules)


def test_the_vendored_module_is_the_one_that_was_recorded() -> None:
    vendor = STATIC / "vendor"
    digest = hashlib.sha256((vendor / "preact.js").read_bytes()).hexdigest()
    assert digest in (vendor / "VENDOR.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["vendor/VENDOR.md", "../__init__.py", "%2e%2e/__init__.py", "lib/types.d.ts", "lib"]
)
def test_nothing_but_the_page_is_served(browser: Browser, playground: str, name: str) -> None:
    context = browser.new_context()
    assert context.request.get(f"{playground}/static/{name}").status == 404
    context.close()


def test_files_are_tagged_and_under_the_policy(browser: Browser, playground: str) -> None:
    context = browser.new_context()
    first = context.request.get(f"{playground}/static/app.js")
    assert "script-src 'self'" in first.headers["content-security-policy"]
    assert "unsafe" not in first.headers["content-security-policy"]
    known = {"if-none-match": first.headers["etag"]}
    assert context.request.get(f"{playground}/static/app.js", headers=known).status == 304
    context.close()


def test_both_languages_have_the_same_words() -> None:
    english, korean = (
        re.findall(r'^  "?([\w.-]+)"?:.*?("(?:[^"\\]|\\.)*"),?$', text, re.MULTILINE)
        for text in ((STATIC / f"words/{name}.js").read_text() for name in ("en", "ko"))
    )
    assert len(english) > 150
    assert [name for name, _ in english] == [name for name, _ in korean]
    for (name, one), (_, other) in zip(english, korean, strict=True):
        assert set(re.findall(r"\{\w+\}", one)) >= set(re.findall(r"\{\w+\}", other)), name


def test_the_stream_parser_takes_every_cut(window: Window) -> None:
    """One stream, cut in two at each byte: inside characters, lines and CRLFs."""
    window.open()
    wrong = window.page.evaluate(
        """async () => {
          const { events } = await import("/static/lib/sse.js");
          const text = ": ping\\r\\n\\r\\nevent: a\\r\\ndata: 가나\\r\\ndata:다\\r\\n\\r\\n"
            + "data: {}\\n\\nid: 1\\rdata: x\\r\\r";
          const bytes = new TextEncoder().encode(text);
          const wrong = [];
          for (let cut = 0; cut <= bytes.length; cut++) {
            const body = new ReadableStream({ start(to) {
              to.enqueue(bytes.slice(0, cut)); to.enqueue(bytes.slice(cut)); to.close();
            } });
            const found = [];
            for await (const one of events(body)) found.push(`${one.event}=${one.data}`);
            if (found.join("|") !== "a=가나\\n다|message={}|message=x") wrong.push([cut, found]);
          }
          return wrong;
        }"""
    )
    assert wrong == []


# --- the key -------------------------------------------------------------------------------------


def test_the_key_leaves_the_address_bar_and_survives_a_reload(window: Window) -> None:
    window.open()
    assert window.page.url == f"{window.origin}/"
    window.page.reload()
    expect(window.page.locator("[data-test=send]")).to_be_visible()


def test_without_a_key_it_is_asked_for(window: Window) -> None:
    window.may_fail = True
    window.page.goto(window.origin)
    window.page.fill("[data-test=key]", "not-a-key-of-this-server")
    window.page.press("[data-test=key]", "Enter")
    expect(window.page.get_by_role("alert")).to_contain_text("does not know this key")
    window.page.fill("[data-test=key]", KEY)
    window.page.press("[data-test=key]", "Enter")
    expect(window.page.locator("#prompt")).to_be_visible()


# --- generate ------------------------------------------------------------------------------------


def test_generate_shows_partial_images_and_then_the_result(window: Window) -> None:
    window.open()
    window.page.evaluate(
        """() => { window.seen = new Set(); new MutationObserver(() => {
          for (const one of document.querySelectorAll("[data-test=partial]"))
            seen.add(one.dataset.index);
        }).observe(document.body, { subtree: true, childList: true, attributes: true }); }"""
    )
    window.ask("a lighthouse above the sea")
    window.view("succeeded")
    assert window.page.evaluate("[...seen].sort()") == ["0", "1"]
    result = window.page.locator("[data-test=result]")
    expect(result).to_have_js_property("naturalWidth", 1024)
    expect(window.page.locator("[data-test=frame][aria-current=true] img")).to_be_visible()
    expect(window.page.locator("[data-test=counts]")).to_have_text(
        re.compile(r"^0 running · \d+ done$")
    )
    expect(window.page.locator(".edge")).to_contain_text("Sandbox")
    assert window.posts(GENERATIONS) == [
        {
            "model": "gpt-image-2",
            "prompt": "a lighthouse above the sea",
            "stream": True,
            "partial_images": 2,
        }
    ]


def test_several_images_fill_a_grid(window: Window) -> None:
    window.open()
    window.page.get_by_label("Images", exact=True).fill("3")
    window.page.get_by_label("Images", exact=True).press("Enter")
    window.page.get_by_label("1:1").first.check()
    window.ask("a bowl of fruit [[slow:0.3]]")
    expect(window.page.locator(".print.blank")).to_have_count(3)
    window.view("succeeded")
    expect(window.page.locator("[data-test=result]")).to_have_count(3)
    expect(window.page.locator("[data-test=tool-download]")).to_have_count(3)


def test_a_result_is_edited_from_its_stored_image(window: Window) -> None:
    window.open().quick()
    window.ask("a fox in the snow")
    window.view("succeeded")
    window.page.click("[data-test=tool-edit]")
    expect(window.page.locator("#prompt")).to_be_focused()
    expect(window.page.locator("[data-test=inputs] .thumb img")).to_be_visible()
    before = window.page.locator("[data-test=frame]").count()
    window.ask("make it night")
    expect(window.page.locator("[data-test=frame]")).to_have_count(before + 1)
    window.view("succeeded")
    expect(window.page.locator(".record-prompt")).to_contain_text("make it night")
    expect(window.page.locator(".sources img")).to_be_visible()
    (sent,) = window.posts(EDITS)
    assert re.fullmatch(r"[0-9a-f-]{36}", sent["images"][0]["file_id"])


def test_cancel_ends_a_job_before_anything_was_streamed(window: Window) -> None:
    window.may_fail = True  # the canceled stream answers with 409
    window.open().quick()
    window.ask("a slow picture [[slow:60]]")
    window.page.click("[data-test=cancel]")
    window.view("canceled")
    expect(window.page.locator("[data-test=trouble]")).to_have_attribute("data-kind", "canceled")


def test_a_running_job_is_picked_up_after_a_reload(window: Window) -> None:
    window.open().quick()
    with window.page.expect_response(lambda answer: "/v1/jobs?" in answer.url):
        window.ask("a picture that takes its time [[slow:1.5]]")
    expect(window.page.locator("[data-test=record]")).to_be_visible()  # the server has it
    window.page.reload()
    window.view("running")
    window.view("succeeded")
    expect(window.page.locator("[data-test=result]")).to_be_visible()
    expect(window.page.locator("#prompt")).to_have_value(
        "a picture that takes its time [[slow:1.5]]"
    )


# --- trouble -------------------------------------------------------------------------------------


def test_a_refusal_is_a_card_that_keeps_everything(window: Window) -> None:
    window.may_fail = True
    window.open().quick()
    window.ask("something [[refuse:violence]]")
    card = window.page.locator("[data-test=trouble]")
    expect(card).to_have_attribute("data-kind", "refused")
    expect(card).to_contain_text("Nothing was lost")
    card.locator("summary").click()
    expect(card).to_contain_text("moderation_blocked · violence")
    window.page.click("[data-test=back-to-prompt]")
    expect(window.page.locator("#prompt")).to_be_focused()
    expect(window.page.locator("#prompt")).to_have_value("something [[refuse:violence]]")


def test_warnings_and_failed_attempts_are_told(window: Window) -> None:
    window.open()
    window.page.get_by_label("Custom").check()
    window.page.get_by_label("Width").fill("1000")
    window.page.get_by_label("Height").fill("1000")
    expect(window.page.locator("[data-test=size-verdict]")).to_have_attribute(
        "data-state", "fitted"
    )
    window.ask("a boat on a lake [[fail-once]]")
    window.view("succeeded")
    expect(window.page.locator("[data-test=warnings]")).to_contain_text("1000x1000")
    window.page.locator("[data-test=record] summary").click()
    expect(window.page.locator("[data-test=attempts] tbody tr")).to_have_count(2)
    expect(window.page.locator("[data-test=attempts]")).to_contain_text("upstream_error")


# --- writing -------------------------------------------------------------------------------------


def test_enter_never_sends_and_composing_hangul_neither(window: Window) -> None:
    window.open().quick()
    window.page.click("#prompt")
    typing = window.page.context.new_cdp_session(window.page)
    typing.send(
        "Input.imeSetComposition", {"text": "안녕하세", "selectionStart": 4, "selectionEnd": 4}
    )
    window.page.evaluate(
        """() => { const tries = [[false, true, 13], [true, true, 13], [true, false, 229]];
          for (const [ctrlKey, isComposing, keyCode] of tries) {
            const how = { key: "Enter", ctrlKey, isComposing, keyCode, bubbles: true };
            document.querySelector("#prompt").dispatchEvent(new KeyboardEvent("keydown", how));
          } }"""
    )
    typing.send("Input.insertText", {"text": "안녕하세요"})
    window.page.keyboard.press("Enter")
    window.page.keyboard.type("둘째 줄")
    assert window.posts(GENERATIONS) == []
    window.page.keyboard.press("Control+Enter")
    window.page.keyboard.press("Control+Enter")  # a slip of the hand
    window.view("succeeded")
    assert [sent["prompt"] for sent in window.posts(GENERATIONS)] == ["안녕하세요\n둘째 줄"]


def test_controls_follow_the_model(window: Window) -> None:
    window.open()
    page = window.page
    page.select_option("#model", "gpt-image-1.5")
    expect(page.get_by_role("group", name="Quality").get_by_role("radio")).to_have_count(4)
    page.get_by_label("JPEG").check()
    expect(page.locator("[data-test=compression]")).to_be_visible()
    page.get_by_label("Transparent").check()
    expect(page.get_by_label("JPEG")).to_be_disabled()
    expect(page.get_by_label("PNG")).to_be_checked()
    page.select_option("#model", "dall-e-3")
    expect(page.locator("[data-test=inputs]")).to_have_count(0)
    expect(page.get_by_label("JPEG")).to_have_count(0)
    expect(page.get_by_label("Images", exact=True)).to_have_count(0)
    page.select_option("#model", "gpt-image-2")
    page.get_by_label("Custom").check()
    page.get_by_label("Width").fill("9000")
    expect(page.locator("[data-test=size-verdict]")).to_have_attribute("data-state", "wrong")
    page.fill("#prompt", "anything")
    expect(page.locator("[data-test=send]")).to_be_disabled()
    page.get_by_role("button", name=re.compile(r"^Use \d+×\d+$")).click()
    expect(page.locator("[data-test=send]")).to_be_enabled()


def test_a_retired_model_says_who_answers(windows: Windows, gateway: Running) -> None:
    window = windows.new(origin=gateway.url).open(gateway.key)
    window.page.select_option("#model", "dall-e-3")
    expect(window.page.locator("[data-test=successor]")).to_contain_text("answers instead")
    window.ask("a cat")
    window.view("succeeded")
    expect(window.page.locator("[data-test=warnings]")).to_contain_text("retired")
    expect(window.page.locator("h1 + .chip")).to_have_count(0)  # no sandbox here


# --- input images --------------------------------------------------------------------------------


def test_input_images_are_added_ordered_and_taken_out(window: Window, tmp_path: Path) -> None:
    window.open().quick()
    page = window.page
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    for file, side in zip(files, (64, 96), strict=True):
        Image.new("RGB", (side, side), "teal").save(file)
    page.set_input_files("[data-test=file]", files)
    thumbs = page.locator("[data-test=inputs] .thumb")
    expect(page.locator("[data-test=inputs] .thumb[data-state=ready]")).to_have_count(2)
    page.evaluate(  # a paste
        """async () => { const data = new DataTransfer();
          const canvas = new OffscreenCanvas(32, 32); canvas.getContext("2d").fillRect(0, 0, 9, 9);
          data.items.add(new File([await canvas.convertToBlob()], "c.png", { type: "image/png" }));
          const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
          document.body.dispatchEvent(paste); }"""
    )
    expect(page.locator("[data-test=inputs] .thumb[data-state=ready]")).to_have_count(3)
    page.click("[data-test=from-url]")
    page.get_by_placeholder("https://").fill("https://images.example/d.png")
    page.keyboard.press("Enter")
    expect(thumbs).to_have_count(4)
    expect(thumbs.last).to_contain_text("images.example")
    page.get_by_role("button", name="Move input image 2 forward").click()
    expect(thumbs.first).to_have_attribute("title", "b.png")
    with page.expect_request(lambda request: request.method == "DELETE"):
        page.get_by_role("button", name="Remove input image 2").click()  # a.png: no job has it
    page.get_by_role("button", name="Remove input image 3").click()
    window.ask("put these together")
    window.view("succeeded")
    (sent,) = window.posts(EDITS)
    assert [list(image) for image in sent["images"]] == [["file_id"], ["file_id"]]


# --- code ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["curl", "Python", "JavaScript"])
def test_copied_code_really_runs(window: Window, tmp_path: Path, language: str) -> None:
    programs: dict[str, tuple[str, list[str]]] = {
        "curl": ("curl", ["sh", "made"]),
        "Python": (sys.executable, [sys.executable, "made"]),
        "JavaScript": ("node", ["node", "made.mjs"]),
    }
    needed, command = programs[language]
    if shutil.which(needed) is None:
        pytest.skip(f"{needed} is not installed")
    window.open()
    window.page.get_by_label("1:1").first.check()
    window.page.get_by_label("WEBP").check()
    window.page.fill("#prompt", 'It\'s a "test" of $HOME & 한글\nin two lines')
    window.page.click("[data-test=code]")
    window.page.get_by_label(language).check()
    text = window.page.locator("[data-test=snippet]").inner_text()
    assert KEY not in text
    (tmp_path / command[1]).write_text(text, encoding="utf-8")
    environment = {**os.environ, "DARKROOM_API_KEY": KEY}
    done = subprocess.run(  # noqa: S603
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (made,) = tmp_path.glob("*.webp")
    assert made.read_bytes()[8:12] == b"WEBP"


def test_an_edit_as_python_runs_too(window: Window, tmp_path: Path) -> None:
    window.open().quick()
    window.ask("a robot")
    window.view("succeeded")
    window.page.click("[data-test=tool-edit]")
    window.page.fill("#prompt", "add a hat")
    window.page.click("[data-test=code]")
    window.page.get_by_label("Python").check()
    text = window.page.locator("[data-test=snippet]").inner_text()
    environment = {**os.environ, "DARKROOM_API_KEY": KEY}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", text],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "image-1.png").read_bytes()[:4] == b"\x89PNG"


# --- history -------------------------------------------------------------------------------------


def test_the_history_shows_older_jobs_and_takes_their_settings_back(windows: Windows) -> None:
    first = windows.new().open().quick()
    first.ask("a bridge in the fog, to be found again")
    first.view("succeeded")
    second = windows.new().open()
    second.page.locator("[data-test=frame][title*='found again']").click()
    expect(second.page.locator("[data-test=result]")).to_have_js_property("naturalWidth", 256)
    second.page.click("[data-test=use-settings]")
    expect(second.page.locator("#prompt")).to_have_value("a bridge in the fog, to be found again")
    expect(second.page.locator("#model")).to_have_value("flux-2-klein-4b")
    expect(second.page.get_by_label("Width")).to_have_value("256")
    second.page.select_option("[data-test=filter]", "failed")
    expect(second.page.locator("[data-test=frame][title*='found again']")).to_have_count(0)


# --- looks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_a_phone_never_scrolls_sideways(windows: Windows, locale: str) -> None:
    window = windows.new(width=390, height=844, locale=locale).open().quick()
    overflow = "document.documentElement.scrollWidth - innerWidth"
    assert window.page.evaluate(overflow) == 0
    window.page.click(".settings > summary")
    assert window.page.evaluate(overflow) == 0
    window.ask("a phone on a table")
    window.view("succeeded")
    window.page.click("[data-test=record] summary")
    assert window.page.evaluate(overflow) == 0
    wide = window.page.evaluate(
        """[...document.querySelectorAll("button, summary, h2, .tools, img")]
          .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
          .map((one) => one.outerHTML)"""
    )
    assert wide == []


@pytest.mark.parametrize(
    ("locale", "word"), [("en-US", "Prompt"), ("ko-KR", "프롬프트"), ("fr-FR", "Prompt")]
)
def test_the_language_is_the_browsers_until_it_is_chosen(
    windows: Windows, locale: str, word: str
) -> None:
    window = windows.new(locale=locale).open()
    expect(window.page.locator("label[for=prompt]")).to_have_text(word)
    window.page.click("[data-test=language]")
    other = "Prompt" if word == "프롬프트" else "프롬프트"
    expect(window.page.locator("label[for=prompt]")).to_have_text(other)
    window.page.reload()
    expect(window.page.locator("label[for=prompt]")).to_have_text(other)


def test_the_theme_follows_the_system_until_it_is_chosen(windows: Windows) -> None:
    light, dark = windows.new(scheme="light").open(), windows.new(scheme="dark").open()
    bright, dim = (
        window.page.evaluate("getComputedStyle(document.body).backgroundColor")
        for window in (light, dark)
    )
    assert bright != dim
    dark.page.click("[data-test=theme]")
    expect(dark.page.locator("body")).to_have_css("background-color", bright)
    dark.page.reload()
    dark.page.locator("#prompt").wait_for()
    expect(dark.page.locator("body")).to_have_css("background-color", bright)


def test_the_keyboard_reaches_everything(window: Window) -> None:
    window.open()
    window.page.fill("#prompt", "anything")
    window.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    reached: set[Any] = set()
    for _ in range(60):
        window.page.keyboard.press("Tab")
        found = window.page.evaluate(
            "document.activeElement.id || document.activeElement.dataset.test"
        )
        reached.add(found)
    assert {
        "language",
        "theme",
        "forget-key",
        "prompt",
        "file",
        "from-url",
        "model",
        "n",
        "send",
        "code",
    } <= reached
