"""The playground's files: small, fetched at once, under a strict policy, in both languages."""

import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from darkroom.server import playground as package
from tests.e2e.conftest import Window

STATIC = Path(package.__file__).parent / "static"
FIRST_LOAD_MAX = 100_000
AREAS = sorted(path.name.removesuffix(".en.js") for path in STATIC.glob("words/*.en.js"))


def test_a_first_visit_is_small(window: Window) -> None:
    """All that is loaded until the page can be used, as it travels."""
    window.open()
    loaded = window.page.evaluate(
        """["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
          .filter((one) => !one.name.includes("/v1/"))
          .map((one) => [one.name, one.encodedBodySize])"""
    )
    assert len(loaded) > 20
    assert sum(size for _, size in loaded) < FIRST_LOAD_MAX


def test_every_module_is_fetched_at_once(window: Window) -> None:
    """index.html names the modules below app.js, so that none waits for another."""
    named = re.findall(r'rel="modulepreload" href="([^"]+)"', (STATIC / "index.html").read_text())
    window.open()
    used = [urlsplit(request.url).path for request in window.sent]
    modules = [path for path in used if path.count("/") == 3 and path.endswith(".js")]
    assert sorted([*named, "/static/words/studio.en.js"]) == sorted(modules)


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


@pytest.mark.parametrize("area", AREAS)
def test_both_languages_have_the_same_words(area: str) -> None:
    """The same words, and no blank in Korean that English does not fill."""
    english, korean = (
        dict(
            re.findall(
                r'^  "?([\w.-]+)"?:\s+("(?:[^"\\]|\\.)*"),?$',
                (STATIC / f"words/{area}.{language}.js").read_text(encoding="utf-8"),
                re.MULTILINE,
            )
        )
        for language in ("en", "ko")
    )
    assert english
    assert list(english) == list(korean)
    for name, text in english.items():
        blanks = set(re.findall(r"\{\w+\}", text))
        assert blanks >= set(re.findall(r"\{\w+\}", korean[name])), name


def test_no_area_of_words_takes_over_anothers() -> None:
    seen: dict[str, str] = {}
    for area in AREAS:
        text = (STATIC / f"words/{area}.en.js").read_text(encoding="utf-8")
        for name in re.findall(r'^  "?([\w.-]+)"?:', text, re.MULTILINE):
            assert name not in seen, f"{name}: {seen.get(name)} and {area}"
            seen[name] = area
    assert len(seen) > 250


def test_the_stream_parser_takes_every_cut(window: Window) -> None:
    """One stream, cut in two at each byte: inside characters, lines and CRLFs."""
    window.open()
    wrong = window.page.evaluate(
        """async () => {
          const { events } = await import("/static/lib/sse.js");
          const text = ": ping\\r\\n\\r\\nid: 7\\r\\n"
            + "event: a\\r\\ndata: 가나\\r\\ndata:다\\r\\n\\r\\n"
            + "data: {}\\n\\nid: 1\\rdata: x\\r\\r";
          const bytes = new TextEncoder().encode(text);
          const wrong = [];
          for (let cut = 0; cut <= bytes.length; cut++) {
            const body = new ReadableStream({ start(to) {
              to.enqueue(bytes.slice(0, cut)); to.enqueue(bytes.slice(cut)); to.close();
            } });
            const found = [];
            let chunks = 0;
            for await (const one of events(body, () => chunks++))
              found.push(`${one.id}/${one.event}=${one.data}`);
            if (found.join("|") !== "7/a=가나\\n다|7/message={}|1/message=x" || chunks < 2)
              wrong.push([cut, found]);
          }
          return wrong;
        }"""
    )
    assert wrong == []
