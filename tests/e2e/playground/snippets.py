"""Code that was copied from the page, run as its reader would run it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.conftest import Window
from tests.support.packages import Node
from tests.support.running import KEY

LANGUAGES = (
    *("curl", "openai", "sdk", "javascript"),
    *("evolink-curl", "evolink-python", "apiframe-curl", "apiframe-python"),
)
RUN_S = 120


def copied(window: Window, languages: Sequence[str]) -> dict[str, str]:
    """The text of each tab of the open dialog."""
    found: dict[str, str] = {}
    for language in languages:
        window.page.click(f"[data-tab={language}]")
        snippet = window.page.locator(f"[data-test=snippet][data-language={language}]")
        snippet.wait_for()
        found[language] = snippet.inner_text()
        assert KEY not in found[language]
    return found


def run_all(texts: dict[str, str], folder: Path, node: Node) -> dict[str, list[Path]]:
    """Run each in a folder of its own, two at a time; the images that it left there."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    with ThreadPoolExecutor(2) as pool:
        running = {
            language: pool.submit(_run, language, text, folder, node)
            for language, text in texts.items()
        }
        return {language: end.result() for language, end in running.items()}


def _run(language: str, text: str, folder: Path, node: Node) -> list[Path]:
    home = folder / language
    home.mkdir()
    if language == "javascript":
        (home / "node_modules").symlink_to(node.packages / "node_modules")
        command = [node.binary, "made.mjs"]
    elif language.endswith("curl"):
        command = ["sh", "made.sh"]
    else:
        command = [sys.executable, "made.py"]
    (home / command[1]).write_text(text, encoding="utf-8")
    done = subprocess.run(  # noqa: S603 - that it is what the page shows is the point
        command,
        cwd=home,
        env={**os.environ, "DARKROOM_API_KEY": KEY},
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_S,
    )
    assert done.returncode == 0, f"{language}: {done.stdout}{done.stderr}"
    return sorted(path for path in home.iterdir() if path.suffix in (".png", ".jpg", ".webp"))
