"""Deployments: shown, checked, told when the file changes; and who would answer."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from darkroom.settings import load_settings
from tests.e2e.conftest import Windows
from tests.e2e.playground.account import LOOKS, flaws, inspected, visited
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client, other_key
from tests.support.running import Running

SECRET = "sk-upstream-secret-of-a-vendor"
SANDBOX = '[[deployments]]\nid = "sandbox"\nprovider = "sandbox"\n'


class File:
    """The ``darkroom.toml`` of the server under test."""

    def __init__(self, folder: Path, vendor: OpenAIVendor) -> None:
        self.path = folder / "darkroom.toml"
        self.vendor = vendor
        self.put(self.main() + SANDBOX)

    def main(self, key: str = SECRET, name: str = "main", **more: str) -> str:
        told = {"id": name, "provider": "openai", "base_url": self.vendor.base_url, "api_key": key}
        lines = [f'{field} = "{value}"' for field, value in {**told, **more}.items()]
        return "\n".join(["[[deployments]]", *lines, ""])

    def put(self, text: str) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.path)


@pytest.fixture(scope="module")
def vendor() -> Iterator[OpenAIVendor]:
    with OpenAIVendor(keys=frozenset([SECRET])) as vendor:
        yield vendor


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, vendor: OpenAIVendor) -> Iterator[Running]:
    file = File(tmp_path_factory.mktemp("deployments"), vendor)
    with Running(file.path.parent / "data", config=file.path) as running:
        yield running


@pytest.fixture(scope="module")
def playground(shared: Running) -> str:
    """The pages are this server's."""
    return shared.url


@pytest.fixture
def file(shared: Running, vendor: OpenAIVendor) -> Iterator[File]:
    """The file, which is as before when the test is over."""
    assert shared.settings.config is not None
    file = File(shared.settings.config.parent, vendor)
    yield file
    file.put(file.main() + SANDBOX)
    reload(shared)


def reload(server: Running) -> None:
    with client(server) as http:
        assert http.post("/v1/deployments/reload").status_code == 200


def card(page: Page, name: str) -> Any:
    return page.get_by_role("article", name=name, exact=True)


def test_a_card_says_all_but_the_key(windows: Windows, shared: Running, file: File) -> None:
    file.put(file.main(region="eu", price_multiplier="0.9") + SANDBOX)
    reload(shared)
    page = visited(windows, "deployments")
    main = card(page, "main")
    for said in ("openai", "eu", "In use", "…ndor", file.vendor.base_url, "openai × 0.9"):
        expect(main).to_contain_text(said)
    assert SECRET not in page.content()
    expect(main.locator("summary", has_text="more models")).to_be_visible()


def test_a_check_explains_what_it_found(windows: Windows, shared: Running, file: File) -> None:
    page = visited(windows, "deployments")
    main = card(page, "main")
    main.locator("[data-test=check]").click()
    expect(main.locator("[data-test=verdict]")).to_have_attribute("data-ok", "true")
    file.put(file.main("sk-nobody-knows-this-one") + SANDBOX)
    reload(shared)
    main.locator("[data-test=check]").click()
    expect(main.locator("[data-test=verdict]")).to_have_attribute("data-ok", "false")
    expect(main).to_contain_text("Check the key")


def test_a_broken_circuit_and_its_last_failure_are_told(
    windows: Windows, shared: Running, file: File
) -> None:
    file.put(file.main("sk-nobody-knows-this-one", name="locked") + SANDBOX)
    reload(shared)
    with client(shared) as http:
        failed = http.post(GENERATE, json=asking(), headers={"X-Darkroom-Route": "pinned=locked"})
    assert failed.status_code >= 400
    page = visited(windows, "deployments")
    locked = card(page, "locked")
    expect(locked).to_contain_text("Not in use")
    expect(locked).to_contain_text("refused the key")
    expect(locked).to_contain_text("Failed calls in the last hour: 1")
    locked.locator("summary", has_text="Last failure").click()
    job = failed.headers["x-darkroom-job"]
    expect(locked.get_by_role("link", name="the job")).to_have_attribute(
        "href", f"#/history?job={job}"
    )


def test_a_file_that_changed_is_told_and_a_wrong_one_refused(
    windows: Windows, shared: Running, file: File
) -> None:
    window = windows.new()
    window.may_fail = True
    window.page.clock.install()
    page = window.open().page
    page.evaluate("location.hash = '#/deployments'")
    card(page, "main").wait_for()
    file.put(file.main(name="second") + file.main(region="us") + SANDBOX)
    reload(shared)
    page.clock.run_for(6_000)
    expect(page.locator("[data-test=changed]")).to_contain_text("new: second · changed: main")
    expect(card(page, "second")).to_be_visible()
    file.put("this is not TOML")
    page.click("[data-test=reload]")
    expect(page.locator("[data-test=refused]")).to_contain_text("nothing has changed")
    expect(card(page, "second")).to_be_visible()
    file.put(file.main() + SANDBOX)
    page.click("[data-test=reload]")
    expect(page.locator("[data-test=refused]")).to_have_count(0)
    expect(page.locator("[data-test=changed]")).to_contain_text("gone: second")


def test_every_template_is_a_deployment_for_the_server(
    windows: Windows, shared: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visited(windows, "deployments")
    seen: set[str] = set()
    page.locator("[data-test=toml]").wait_for()
    options = page.locator("[data-test=template] option").count()
    for i in range(options):
        page.select_option("[data-test=template]", index=i)
        text = page.locator("[data-test=toml]").inner_text()
        for name in re.findall(r'"env:(\w+)"', text):
            monkeypatch.setenv(name, "sk-0123456789")
        config = tmp_path / f"{i}.toml"
        config.write_text(SANDBOX + text)
        settings = load_settings({"config": config, "data_dir": tmp_path})
        fresh = shared.services.rebuilt(settings)
        [_, added] = fresh.routes
        assert added.deployment.id != "sandbox"
        seen.add(added.provider.name)
    assert seen == {  # as docs/guides/providers.md lists them
        *("openai", "azure", "openai_compatible", "gemini", "flux"),
        *("darkroom", "evolink", "apiframe", "sandbox"),
    }


def test_who_would_answer_is_the_servers_own_ranking(
    windows: Windows, shared: Running, file: File
) -> None:
    file.put(file.main(name="dear", price_multiplier="3") + file.main() + SANDBOX)
    reload(shared)
    page = visited(windows, "deployments")
    page.select_option("[data-test=route-model]", "gpt-image-1.5")
    ranked = page.locator("[data-test=ranked] b")
    expect(ranked).to_have_text(["main", "dear", "sandbox"])
    page.get_by_role("radio", name="As listed").check()
    expect(ranked).to_have_text(["dear", "main", "sandbox"])
    page.fill("[data-test=route-size]", "1000x1000")
    expect(page.locator("[data-test=ranked]").first).to_contain_text("1000x1000")
    with client(shared) as http:
        quote = http.post(
            "/v1/images/quote",
            json={"model": "gpt-image-1.5", "prompt": "-", "size": "1000x1000", "n": 1},
            headers={"X-Darkroom-Route": "listed"},
        ).json()
    prices = [one["expected"]["usd"] for one in quote["deployments"]]
    for place, price in enumerate(prices):
        expect(page.locator("[data-test=ranked] .cost").nth(place)).to_contain_text(f"${price}")
    windows.opened[-1].may_fail = True
    page.check("[data-test=route-strict]")
    expect(page.locator("[data-test=broken]")).to_contain_text("Nobody would be asked")
    expect(page.locator("[data-test=ranked]")).to_have_count(0)


def test_who_is_no_admin_sees_who_would_answer_alone(windows: Windows, shared: Running) -> None:
    page = visited(windows, "deployments", other_key(shared, "visitors"))
    expect(page.locator("[data-test=not-admin]")).to_be_visible()
    expect(page.locator("[data-test=ranked]").first).to_be_visible()
    expect(page.locator("[data-test=deployment]")).to_have_count(0)
    asked = [request.url for request in windows.opened[-1].sent]
    assert not any("/v1/deployments" in url for url in asked)


@pytest.mark.parametrize("look", LOOKS)
def test_everybody_can_use_it(windows: Windows, look: tuple[Any, str, int]) -> None:
    page = inspected(windows, "deployments", look)
    page.locator("[data-test=check]").first.click()
    page.locator("[data-test=verdict]").wait_for()
    page.locator("[data-test=ranked]").first.wait_for()
    page.locator(".models summary").first.click()
    assert flaws(page) == []
