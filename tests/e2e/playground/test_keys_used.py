"""A new key in use: its snippets run as they are; everybody can read and work the page."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import Windows
from tests.e2e.playground.account import LOOKS, flaws, inspected, make_key, visited
from tests.support.running import Running

USE = """
import base64
from openai import OpenAI
made = OpenAI().images.generate(model="flux-2-klein-4b", prompt="a red fox", size="256x256")
assert base64.b64decode(made.data[0].b64_json)[:4] == b"\\x89PNG"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("keys")) as running:
        yield running


@pytest.fixture(scope="module")
def playground(server: Running) -> str:
    """The pages are this server's."""
    return server.url


@pytest.fixture
def page(windows: Windows) -> Page:
    return visited(windows, "keys")


@pytest.mark.parametrize(("dialect", "tab"), [("auto", "Shell"), ("evolink", ""), ("apiframe", "")])
def test_the_snippet_really_runs(page: Page, tmp_path: Path, dialect: str, tab: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    page.click("[data-test=new-key]")
    page.fill("[data-test=key-name]", f"snippet {dialect}")
    page.get_by_role("radio", name=dialect if dialect != "auto" else "Auto").check()
    page.click("[data-test=save-key]")
    text = page.locator("[data-test=key-snippet]").inner_text()
    if tab:
        (tmp_path / "use.py").write_text(USE)
        text += f"{sys.executable} {tmp_path / 'use.py'}\n"
    done = subprocess.run(
        ["/bin/sh", "-e"],
        input=text,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert tab or '"id"' in done.stdout or '"jobId"' in done.stdout


@pytest.mark.parametrize("look", LOOKS)
def test_everybody_can_use_it(windows: Windows, look: tuple[str, str, int]) -> None:
    page = inspected(windows, "keys", look)
    page.locator("[data-test=key]").first.wait_for()
    make_key(page, f"everybody {look[0]}", month_usd="5")
    assert flaws(page) == []
    page.locator("[data-test=change-key]").first.click()
    page.locator("[data-test=key-form] summary").click()
    page.locator(".pick").first.wait_for()
    assert flaws(page) == []
